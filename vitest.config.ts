import { defineConfig } from "vitest/config";

/** Tests that start real servers end in `.real.test.ts` and belong to the tier of their room. */
const real = "**/*.real.test.ts";

function slowTier(name: string, include: string[], more: object = {}): object {
  return {
    test: {
      ...more,
      name,
      include,
      environment: "node",
      testTimeout: 120_000,
      hookTimeout: 300_000,
    },
  };
}

/** All files share a cluster, which takes longer to start than any of them. */
const onOneCluster = { fileParallelism: false, globalSetup: "test/cluster/global-setup.ts" };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{bin,cli,console,deploy,runtime,operator,shim,proto}/**/*.test.ts",
            "test/{tidy,bench}/**/*.test.ts",
          ],
          exclude: [real],
          environment: "node",
          // No module keeps state of its own, so one load of each serves all files: a third of the time.
          isolate: false,
        },
      },
      slowTier("integration", ["test/integration/**/*.test.ts"]),
      slowTier("differential", ["test/differential/**/*.test.ts"]),
      slowTier("isolation", ["test/isolation/**/*.test.ts"]),
      slowTier("spin", ["runtime/{spin,app,trigger}/**/*.real.test.ts", "test/spin/**/*.test.ts"]),
      slowTier("images", ["{runtime/image,cli}/**/*.real.test.ts", "test/images/**/*.test.ts"]),
      slowTier("telemetry", ["runtime/telemetry/**/*.real.test.ts", "test/telemetry/**/*.test.ts"]),
      slowTier("console", ["test/console/**/*.test.ts"], {
        fileParallelism: false,
        // A browser on a busy machine takes its time.
        expect: { poll: { timeout: 60_000, interval: 100 } },
      }),
      slowTier("soak", ["test/soak/**/*.test.ts"]),
      slowTier("operator", ["operator/**/*.real.test.ts", "test/operator/**/*.test.ts"]),
      // Its files look at what the others would leave behind on the machine.
      slowTier("node", ["shim/**/*.real.test.ts", "test/node/**/*.test.ts"], {
        fileParallelism: false,
      }),
      slowTier("cluster", ["test/cluster/*.test.ts"], onOneCluster),
      slowTier("cluster-long", ["test/cluster/long/*.test.ts"], onOneCluster),
    ],
  },
});
