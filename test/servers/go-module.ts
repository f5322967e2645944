import { spawnSync } from "node:child_process";

/** A module of the Go module proxy, with the digest that go.sum would have. */
export interface GoModule {
  readonly path: string;
  readonly version: string;
  /** `h1:` and base64. */
  readonly sum: string;
}

interface Downloaded {
  readonly Dir?: string;
  readonly Sum?: string;
  readonly Error?: string;
}

/** Folder with the files of a module, downloaded the first time. Throws where it is not the pinned one. */
export function goModule({ path, version, sum }: GoModule): string {
  const what = `${path}@${version}`;
  // The digest here says what it has to be: no other server has to be asked.
  // oxlint-disable-next-line node/no-process-env -- go needs HOME, PATH and the proxy settings
  const env = { ...process.env, GONOSUMDB: "*" };
  const { stdout, stderr } = spawnSync("go", ["mod", "download", "-json", what], {
    env,
    encoding: "utf8",
  });
  const found = stdout === "" ? { Error: stderr } : (JSON.parse(stdout) as Downloaded);
  if (found.Dir === undefined) throw new Error(`${what}: ${found.Error}`);
  if (found.Sum !== sum) throw new Error(`${what} has the digest ${found.Sum}, not ${sum}`);
  return found.Dir;
}
