import { expect, test } from "vitest";
import { limits } from "../../../runtime/limits.ts";
import { createCaptureIo } from "../../capture-io.ts";
import { createDirJsonReporter, createDirTextReporter } from "./dir-output.ts";
import { spareDirReaders } from "./spare-dir-readers.ts";

test.each([
  ["text", createDirTextReporter],
  ["json", createDirJsonReporter],
])("%s: what guests and clients have chosen is shown, not obeyed", (_, create) => {
  const io = createCaptureIo();
  const reporter = create(io);
  const evil = "\u009b2J\u001b]0;x\u0007\u202e";
  reporter.guestLine("shop", "cart", "stdout", evil);
  reporter.warning(evil);
  reporter.error(new Error(`failed on GET /${evil}\n  at x`));
  reporter.consoleReady("http://h:2/#token=t");
  expect(io.written.stdout + io.written.stderr).toMatch(/^[\n\x20-\x7e]+$/);
  expect(io.written.stdout).toContain("http://h:2/#token=t");
});

test("lines that nobody takes are counted, not kept", () => {
  const io = createCaptureIo();
  const stderr = { ...io.stderr, waitingBytes: 0 };
  const reporter = spareDirReaders(createDirTextReporter({ ...io, stderr }), { ...io, stderr });
  reporter.guestLine("shop", "shop", "stdout", "one");
  stderr.waitingBytes = limits.outputWaitingBytesMax + 1;
  for (let at = 0; at < 2; at++) reporter.guestLine("shop", "shop", "stdout", "lost");
  reporter.warning("lost");
  stderr.waitingBytes = 0;
  reporter.guestLine("shop", "shop", "stdout", "two");
  expect(io.written.stdout).toBe("[shop] one\n[shop] two\n");
  expect(io.written.stderr).toBe("warning: 3 lines dropped: nobody took them in time\n");
});
