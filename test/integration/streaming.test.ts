import { createHash } from "node:crypto";
import { Agent, request } from "node:http";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const mebibyte = 1024 * 1024;
/** The garbage collector's slack: how much a process may grow without having buffered the body. */
const growthBytesMax = 160 * mebibyte;

/** Different blocks, cheap to make: a body of zeros would hide a mix-up. */
function* blocks(mebibytes: number, hash: ReturnType<typeof createHash>): Generator<Buffer> {
  for (let index = 0; index < mebibytes; index++) {
    const block = Buffer.alloc(mebibyte, `block ${index};`);
    hash.update(block);
    yield block;
  }
}

/** Sends a body while receiving the answer; resolves to both digests and the received length. */
async function upload(
  url: string,
  mebibytes: number,
): Promise<{ sent: string; received: string; receivedBytes: number }> {
  const sentHash = createHash("blake2b512");
  const receivedHash = createHash("blake2b512");
  const outgoing = request(url, { method: "POST" });
  const sending = pipeline(Readable.from(blocks(mebibytes, sentHash)), outgoing);
  const [incoming] = (await once(outgoing, "response")) as [AsyncIterable<Buffer>];
  let receivedBytes = 0;
  for await (const chunk of incoming) {
    receivedHash.update(chunk);
    receivedBytes += chunk.length;
  }
  await sending;
  return { sent: sentHash.digest("hex"), received: receivedHash.digest("hex"), receivedBytes };
}

test.each([
  { path: "/echo", mebibytes: 1 },
  { path: "/echo", mebibytes: 64 },
  { path: "/echo", mebibytes: 1024 },
  { path: "/splice", mebibytes: 64 },
])("POST $path streams $mebibytes MiB back in flat memory", async ({ path, mebibytes }) => {
  await using whorl = await WhorlProcess.up(wasmApp("http-rust"));
  await upload(whorl.url + path, 16);
  const beforeBytes = whorl.memoryBytes("VmHWM");
  const { sent, received, receivedBytes } = await upload(whorl.url + path, mebibytes);
  expect(receivedBytes).toBe(mebibytes * mebibyte);
  expect(received).toBe(sent);
  expect(whorl.memoryBytes("VmHWM") - beforeBytes).toBeLessThan(growthBytesMax);
});

test("a slow reader holds the guest back", async () => {
  await using whorl = await WhorlProcess.up(wasmApp("http-rust"));
  const outgoing = request(`${whorl.url}/bytes?n=${1024 * mebibyte}`);
  outgoing.end();
  const [incoming] = (await once(outgoing, "response")) as [Readable];
  await once(incoming, "readable");
  const beforeBytes = whorl.memoryBytes("VmHWM");
  // Others are served while this one does not read; they give the guest time to run ahead.
  for (let round = 0; round < 200; round++) await (await fetch(whorl.url)).text();
  expect(whorl.memoryBytes("VmHWM") - beforeBytes).toBeLessThan(growthBytesMax);
  incoming.destroy();
  await (await fetch(whorl.url)).text();
});

test("10,000 requests in a row do not grow the server", async () => {
  await using whorl = await WhorlProcess.up(wasmApp("http-rust"));
  using agent = disposableAgent();
  const get = async (): Promise<void> => {
    const outgoing = request(whorl.url, { agent });
    outgoing.end();
    const [incoming] = (await once(outgoing, "response")) as [Readable];
    expect(await incoming.setEncoding("utf8").toArray()).toEqual(["Hello from Whorl\n"]);
  };
  for (let round = 0; round < 4_000; round++) await get();
  const beforeBytes = whorl.memoryBytes("VmHWM");
  for (let round = 0; round < 10_000; round++) await get();
  expect(whorl.memoryBytes("VmHWM") - beforeBytes).toBeLessThan(32 * mebibyte);
});

function disposableAgent(): Agent & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}
