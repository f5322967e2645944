import { once } from "node:events";
import { request } from "node:http";
import type { Readable } from "node:stream";
import { expect, test } from "vitest";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const mebibyte = 1024 * 1024;
/** The garbage collector's slack: far less than what the guests would write. */
const growthBytesMax = 160 * mebibyte;

test.each(["http-rust", "http-async-rust"])(
  "%s writes streams that nobody reads, is held back, and others are served",
  async (app) => {
    await using whorl = await WhorlProcess.up(wasmApp(app));
    await using abandoned = new AsyncDisposableStack();
    const expectHello = async (): Promise<void> => {
      expect(await (await fetch(whorl.url)).text()).toBe("Hello from Whorl\n");
    };
    await expectHello();
    const beforeBytes = whorl.memoryBytes("VmHWM");
    for (let client = 0; client < 4; client++) {
      const outgoing = request(`${whorl.url}/bytes?n=${1024 * mebibyte}`, { agent: false });
      outgoing.end();
      const [incoming] = (await once(outgoing, "response")) as [Readable];
      abandoned.defer(() => void incoming.on("error", () => undefined).destroy());
    }
    // They give the guests time to run ahead.
    for (let round = 0; round < 200; round++) await expectHello();
    expect(whorl.memoryBytes("VmHWM") - beforeBytes).toBeLessThan(growthBytesMax);
  },
);
