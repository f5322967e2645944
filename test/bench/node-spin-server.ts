/**
 * What the routes of wasm-apps/figures-rust cost without any guest, with the same clients:
 * `node-spin-server.ts PORT DATABASE_FILE REDIS_URL POSTGRES_URL`.
 */
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { Redis } from "ioredis";
import { Pool } from "pg";

const [port, file = "", redisUrl = "", postgresUrl = ""] = process.argv.slice(2);
const redis = new Redis(redisUrl);
const pool = new Pool({ connectionString: postgresUrl, max: 32 });
const database = new DatabaseSync(file);
// As Whorl's store: durable against a crash of the process.
database.exec("PRAGMA journal_mode = WAL");
database.exec("PRAGMA synchronous = NORMAL");
database.exec("CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB)");
const set = database.prepare("INSERT OR REPLACE INTO kv VALUES (?, ?)");
const get = database.prepare("SELECT value FROM kv WHERE key = ?");
const value = Buffer.from("value");

async function answer(path: string | undefined): Promise<string> {
  switch (path) {
    case "/key-value":
      set.run("key", value);
      return String(get.get("key")?.["value"]);
    case "/redis":
      await redis.set("key", value);
      return (await redis.getBuffer("key"))?.toString() ?? "";
    case "/postgres":
      return JSON.stringify((await pool.query("SELECT $1::int4 + 1 AS next", [41])).rows);
    default:
      return "routes: /key-value /redis /postgres\n";
  }
}

const server = createServer((request, response) => {
  answer(request.url).then(
    (text) => response.end(text),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.listen(Number(port), "127.0.0.1");
