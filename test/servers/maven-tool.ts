import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programObstacle } from "./debian-package.ts";
import { toolFolder } from "./go-tool.ts";

/** A Java program that is an artifact of Maven Central. */
export interface MavenTool {
  readonly name: string;
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
}

/** Why a Java program cannot be fetched or run here, undefined where it can. */
export function mavenObstacle(): string | undefined {
  return programObstacle("java", "default-jre-headless") ?? programObstacle("mvn", "maven");
}

/** Folder with the program and all it depends on; fetched unless it is there. */
export function mavenTool(tool: MavenTool): string {
  const folder = join(toolFolder, `${tool.name}-${tool.version}`);
  if (existsSync(folder)) return folder;
  console.log(`fetching ${tool.name} ${tool.version}`);
  // Fetched beside and renamed, so that an interrupted one leaves nothing that looks finished.
  const fetching = `${folder}.fetching-${process.pid}`;
  mkdirSync(fetching, { recursive: true });
  try {
    const pom = join(fetching, "pom.xml");
    writeFileSync(pom, pomOf(tool));
    const output = join(fetching, "jars");
    const args = ["-q", "-B", "-f", pom, "dependency:copy-dependencies"];
    // Without versions, for native libraries are looked for by their plain names.
    const settings = [`-DoutputDirectory=${output}`, "-Dmdep.stripVersion=true"];
    const { status, stdout, stderr } = spawnSync("mvn", [...args, ...settings], {
      cwd: fetching,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`fetching ${tool.name} failed:\n${stdout}\n${stderr}`);
    if (!existsSync(folder)) renameSync(output, folder);
  } finally {
    rmSync(fetching, { recursive: true, force: true });
  }
  return folder;
}

function pomOf({ name, group, artifact, version }: MavenTool): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId>
  <artifactId>${name}</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>${group}</groupId>
      <artifactId>${artifact}</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;
}
