/** `whorl up` and a collector that speaks TLS and wants to know who sends. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startTestCollector } from "../../runtime/telemetry/otlp/test-collector.ts";
import { testCertificate } from "../../runtime/trigger/http/test-certificate.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const folder = mkdtempSync(join(tmpdir(), "whorl-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const collectorFiles = testCertificate();
const senderFiles = testCertificate();

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const authority = { OTEL_EXPORTER_OTLP_CERTIFICATE: file("collector.pem", collectorFiles.cert) };
const sender = {
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file("sender.pem", senderFiles.cert),
  OTEL_EXPORTER_OTLP_CLIENT_KEY: file("sender.key", senderFiles.key),
};

test.concurrent.each<[string, Record<string, string>, RegExp | undefined]>([
  ["both show certificates that the other knows", { ...authority, ...sender }, undefined],
  ["the collector's is unknown", sender, /self-signed certificate/],
  ["the sender has none", authority, /certificate required|ECONNRESET|socket hang up/],
])("%s", async (_, environment, complaint) => {
  const tls = { ...collectorFiles, requestCert: true, ca: senderFiles.cert };
  await using collector = await startTestCollector(undefined, { tls });
  await using process = await WhorlProcess.up(wasmApp("http-rust"), [], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: "50",
    XDG_RUNTIME_DIR: folder,
    ...environment,
  });
  expect((await fetch(process.url)).status).toBe(200);
  if (complaint === undefined) {
    await collector.until(1);
    expect(collector.received[0]?.path).toBe("/v1/traces");
  } else {
    await expect.poll(() => process.stderr, { timeout: 30_000 }).toMatch(complaint);
    expect(collector.received).toEqual([]);
  }
});
