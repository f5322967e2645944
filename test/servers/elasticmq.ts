import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TemporaryFolder } from "../temporary-folder.ts";
import { connects } from "./connects.ts";
import { installedProgram, program, programObstacle } from "./debian-package.ts";
import { toolFolder } from "./go-tool.ts";
import { freePort, ServerProcess } from "./server-process.ts";

const version = "1.6.14";

/** A queue service that speaks the protocol of Amazon SQS. */
export interface ElasticMq extends AsyncDisposable {
  /** Where clients send their requests. */
  readonly endpoint: string;
  queueUrl(name: string): string;
  kill(): Promise<void>;
}

/** Why tests with a queue service cannot run here, undefined where they can. */
export function elasticMqObstacle(): string | undefined {
  if (installedProgram("java") !== undefined && existsSync(libraries())) return undefined;
  return programObstacle("java", "default-jre-headless") ?? programObstacle("mvn", "maven");
}

/** Starts ElasticMQ (Maven Central) with these queues, hiding a taken message for one second. */
export async function startElasticMq(queues: readonly string[]): Promise<ElasticMq> {
  download();
  const port = await freePort();
  const folder = new TemporaryFolder({ "elasticmq.conf": configuration(port, queues) });
  const server = await ServerProcess.start({
    program: program("java"),
    args: [
      `-Dconfig.file=${folder.file("elasticmq.conf")}`,
      "-Xmx128m",
      "-cp",
      join(libraries(), "*"),
      "org.elasticmq.server.Main",
    ],
    probe: () => connects(port),
  });
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    queueUrl: (name) => `${endpoint}/000000000000/${name}`,
    kill: () => server.kill(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

function configuration(port: number, queues: readonly string[]): string {
  const each = queues.map((name) => `  ${name} { defaultVisibilityTimeout = 1 seconds }`);
  return `include classpath("application.conf")
node-address { protocol = http, host = "127.0.0.1", port = ${port}, context-path = "" }
rest-sqs { enabled = true, bind-port = ${port}, bind-hostname = "127.0.0.1" }
rest-stats { enabled = false }
queues {
${each.join("\n")}
}
`;
}

function libraries(): string {
  return join(toolFolder, `elasticmq-${version}`);
}

/** The program and all it needs, once, through Maven. */
function download(): void {
  if (existsSync(libraries())) return;
  const building = `${libraries()}.building-${process.pid}`;
  mkdirSync(building, { recursive: true });
  try {
    writeFileSync(join(building, "pom.xml"), pom);
    const args = ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"];
    const { status, stdout } = spawnSync(program("mvn"), args, { cwd: building, encoding: "utf8" });
    if (status !== 0) throw new Error(`Maven cannot fetch ElasticMQ:\n${stdout.slice(-2000)}`);
    renameSync(join(building, "lib"), libraries());
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>whorl</groupId><artifactId>elasticmq</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.elasticmq</groupId><artifactId>elasticmq-server_2.13</artifactId>
    <version>${version}</version>
  </dependency></dependencies>
</project>
`;
