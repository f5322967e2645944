/** The same requests to the same components through Whorl and through jco have the same answers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildTypescriptApp } from "../wasm-apps/build-typescript.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";
import { ask } from "./exchange.ts";
import type { Answer, Question } from "./exchange.ts";
import { JcoProcess } from "./jco-process.ts";

interface Row extends Question {
  /** Why jco answers differently, with what Whorl answers; the row fails once they agree. */
  readonly deviation?: { readonly reason: string; readonly whorl: Partial<Answer> };
}

const form = "application/x-www-form-urlencoded";
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

const bothCookies: Row["deviation"] = {
  reason: "jco keeps the last of several fields of one name",
  whorl: {
    headers: [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ],
  },
};

const rows: readonly Row[] = [
  { target: "/" },
  { target: "/", method: "HEAD" },
  { target: "/nowhere" },
  { target: "/request" },
  { target: "/request?" },
  { target: "/request?a=b&a=c&&=%20" },
  { target: "/request?q=%2F..%2F%00" },
  { target: "//request" },
  { target: "/request/" },
  { target: "/request", method: "POST", body: "x" },
  { target: "/request", method: "PUT" },
  { target: "/request", method: "DELETE" },
  { target: "/request", method: "OPTIONS" },
  { target: "/request", method: "PATCH", body: "x" },
  { target: "/request", method: "TRACE" },
  {
    target: "/request",
    method: "PURGE",
    deviation: {
      reason: "jco passes methods that it does not know in lower case",
      whorl: {
        body:
          'method: Method::Other("PURGE")\nscheme: Some(Scheme::Http)\n' +
          'authority: Some("example.test")\ntarget: Some("/request")\n',
      },
    },
  },
  { target: "/headers" },
  { target: "/headers", headers: [["X-Mixed-Case", "Value"]] },
  { target: "/headers", headers: [["x-empty", ""]] },
  {
    target: "/headers",
    headers: [["x-latin", "caf\u00E9"]],
    deviation: {
      reason: "jco encodes the bytes of a field value once more, as UTF-8",
      whorl: { body: "x-latin: caf\\xe9\n" },
    },
  },
  { target: "/headers", headers: [["cookie", "a=1; b=2"]] },
  { target: "/headers", headers: [["x-spaces", "a  b\tc"]] },
  {
    target: "/headers",
    headers: [
      ["x-twice", "1"],
      ["x-twice", "2"],
    ],
  },
  { target: "/env" },
  { target: "/count" },
  { target: "/log" },
  { target: "/sleep?ms=5" },
  { target: "/sleep?ms=0" },
  { target: "/bytes?n=0" },
  { target: "/bytes?n=1" },
  { target: "/bytes?n=65537" },
  { target: "/bytes?n=3000000" },
  { target: "/memory?mib=1" },
  { target: "/memory?mib=40" },
  { target: "/file?name=mounted/note.txt" },
  {
    target: "/file?name=mounted/",
    deviation: {
      reason: "jco has no error code for reading a directory",
      whorl: { status: 404, body: "IsADirectory\n" },
    },
  },
  { target: "/file?name=mounted/nothing" },
  { target: "/file?name=nothing" },
  { target: "/status?code=200", deviation: bothCookies },
  { target: "/status?code=204", deviation: bothCookies },
  { target: "/status?code=404", deviation: bothCookies },
  { target: "/status?code=599", deviation: bothCookies },
  { target: "/echo", method: "POST" },
  { target: "/echo", method: "POST", body: "" },
  { target: "/echo", method: "POST", body: "a=1&b=2", headers: [["content-type", form]] },
  { target: "/echo", method: "POST", body: everyByte },
  { target: "/echo", method: "PUT", body: Buffer.alloc(1_000_000, "0123456789") },
  { target: "/splice", method: "POST", body: Buffer.alloc(1_000_000, "9876543210") },
  { target: "/fetch?url=nonsense" },
];

function nameOf({ method = "GET", target, headers = [], body }: Row): string {
  const length = body === undefined ? "" : ` with ${body.length} bytes`;
  const fields = headers.map(([name, value]) => ` ${name}: ${value}`).join(",");
  return `${method} ${target}${length}${fields}`;
}

const table = rows.map((row) => ({ name: nameOf(row), row }));

/** Spin's request headers, which jco does not know, are none of the client's. */
function withoutSpinHeaders(answer: Answer): Answer {
  return { ...answer, body: answer.body.replaceAll(/^spin-[a-z-]+: .*\n/gm, "") };
}

describe("http-rust", () => {
  let whorl: WhorlProcess;
  let jco: JcoProcess;

  beforeAll(async () => {
    const settings = ["GREETING=hello", "EMPTY=", `/mounted:${wasmApp("http-rust/files")}`];
    whorl = await WhorlProcess.up(wasmApp("http-rust"));
    jco = await JcoProcess.serve(wasmApp("http-rust/http.wasm"), settings);
  });

  afterAll(async () => {
    await whorl[Symbol.asyncDispose]();
    await jco[Symbol.asyncDispose]();
  });

  test.each(table)("$name", async ({ row }) => {
    const [ours, theirs] = [await ask(whorl.url, row), await ask(jco.url, row)];
    const comparable = withoutSpinHeaders(ours);
    if (row.deviation === undefined) {
      expect(comparable).toEqual(theirs);
    } else {
      expect(comparable, row.deviation.reason).toMatchObject(row.deviation.whorl);
      expect(comparable, `no longer: ${row.deviation.reason}`).not.toEqual(theirs);
    }
  });
});

describe.each([
  { name: "hello-rust", component: () => wasmApp("hello-rust/hello.wasm") },
  { name: "hello-typescript", component: () => `${buildTypescriptApp()}dist/hello.wasm` },
])("$name", ({ component }) => {
  let whorl: WhorlProcess;
  let jco: JcoProcess;

  beforeAll(async () => {
    whorl = await WhorlProcess.up(component());
    jco = await JcoProcess.serve(component());
  });

  afterAll(async () => {
    await whorl[Symbol.asyncDispose]();
    await jco[Symbol.asyncDispose]();
  });

  test.each<Question>([
    { target: "/" },
    { target: "/some/path?query" },
    { target: "/", method: "POST", body: "ignored" },
  ])("$target", async (question) => {
    expect(await ask(whorl.url, question)).toEqual(await ask(jco.url, question));
  });
});
