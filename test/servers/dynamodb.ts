import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { join } from "node:path";
import { program } from "./debian-package.ts";
import { mavenObstacle, mavenTool } from "./maven-tool.ts";
import { freePort, ServerProcess } from "./server-process.ts";

export interface DynamoDbServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKey: string; readonly secretKey: string };
  /** Makes a table with the string `PK` as its key. */
  createTable(name: string): Promise<void>;
}

/** Why tests with DynamoDB Local cannot run here, undefined where they can. */
export function dynamoDbObstacle(): string | undefined {
  if (process.arch !== "x64") return "DynamoDB Local has no native library for this processor";
  return mavenObstacle();
}

/** Starts DynamoDB Local, Amazon's own, in memory on a free port of 127.0.0.1. */
export async function startDynamoDb(): Promise<DynamoDbServer> {
  const folder = mavenTool({
    name: "dynamodb-local",
    group: "com.amazonaws",
    artifact: "DynamoDBLocal",
    version: "2.5.4",
  });
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const region = "eu-west-1";
  const credentials = { accessKey: "test", secretKey: "test" };
  const client = new DynamoDBClient({
    endpoint,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: credentials.accessKey, secretAccessKey: credentials.secretKey },
  });
  const server = await ServerProcess.start({
    program: program("java"),
    args: [
      ...["-Xmx256m", "-DDDB_LOCAL_TELEMETRY=0", `-Djava.library.path=${folder}`],
      ...["-cp", join(folder, "*"), "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"],
      ...["-inMemory", "-disableTelemetry", "-port", String(port)],
    ],
    directory: folder,
    probe: () => client.send(new ListTablesCommand({})),
  });
  return {
    endpoint,
    region,
    credentials,
    async createTable(name) {
      await client.send(
        new CreateTableCommand({
          TableName: name,
          AttributeDefinitions: [{ AttributeName: "PK", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "PK", KeyType: "HASH" }],
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}
