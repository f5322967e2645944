// A URL shortener: SQLite knows every link, the key-value store counts how often each was followed.
//
//   POST /          { "url": "https://example.org/a/long/path" }  -> 201 { "code", "short" }
//   GET /CODE       -> 302 to the address
//   GET /CODE/stats -> { "url", "followed" }
import { Store } from "fermyon:spin/key-value@2.0.0";
import { Connection, type Value } from "fermyon:spin/sqlite@2.0.0";

const alphabet = "23456789abcdefghijkmnpqrstuvwxyz";
const codeLength = 7;

function text(val: string): Value {
  return { tag: "text", val };
}

function openLinks(): Connection {
  const links = Connection.open("default");
  links.execute("CREATE TABLE IF NOT EXISTS links (code TEXT PRIMARY KEY, url TEXT UNIQUE)", []);
  return links;
}

/** The single column of the first row. */
function first(links: Connection, statement: string, parameter: string): string | undefined {
  const value = links.execute(statement, [text(parameter)]).rows[0]?.values[0];
  return value?.tag === "text" ? value.val : undefined;
}

function newCode(): string {
  const random = crypto.getRandomValues(new Uint8Array(codeLength));
  return Array.from(random, (byte) => alphabet[byte % alphabet.length]).join("");
}

/** The same address always gets the same code. */
function shorten(url: string): string {
  const links = openLinks();
  links.execute("INSERT INTO links VALUES (?, ?) ON CONFLICT (url) DO NOTHING", [
    text(newCode()),
    text(url),
  ]);
  const code = first(links, "SELECT code FROM links WHERE url = ?", url);
  if (code === undefined) throw new Error(`no code for ${url}`);
  return code;
}

function urlOf(code: string): string | undefined {
  return first(openLinks(), "SELECT url FROM links WHERE code = ?", code);
}

function followed(code: string, add: number): number {
  const counts = Store.open("default");
  const stored = counts.get(code);
  const count = (stored === undefined ? 0 : Number(new TextDecoder().decode(stored))) + add;
  if (add > 0) counts.set(code, new TextEncoder().encode(String(count)));
  return count;
}

function json(status: number, body: object): Response {
  const headers = { "content-type": "application/json" };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Undefined for what is no address of the web. */
function webUrl(body: string): string | undefined {
  try {
    const { url } = JSON.parse(body) as { url: string };
    const parsed = new URL(url);
    return /^https?:$/.test(parsed.protocol) ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}

async function answer(request: Request): Promise<Response> {
  const { pathname, origin } = new URL(request.url);
  if (request.method === "POST" && pathname === "/") {
    const url = webUrl(await request.text());
    if (url === undefined) return json(400, { error: 'expected {"url": "https://..."}' });
    const code = shorten(url);
    return json(201, { code, short: `${origin}/${code}` });
  }
  const [, code = "", page] = pathname.split("/");
  const url = request.method === "GET" ? urlOf(code) : undefined;
  if (url === undefined) return json(404, { error: `no link ${pathname}` });
  if (page === "stats") return json(200, { url, followed: followed(code, 0) });
  followed(code, 1);
  return new Response(null, { status: 302, headers: { location: url } });
}

addEventListener("fetch", (event) => {
  event.respondWith(answer(event.request));
});
