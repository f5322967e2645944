import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { latin1 } from "./field-syntax.ts";
import { answerOf, contentOf, Loopback, textOf, value } from "./outgoing-fixture.ts";

let net: Loopback;

beforeEach(() => {
  net = new Loopback();
});

afterEach(async () => {
  await net[Symbol.asyncDispose]();
});

describe("the response", () => {
  test("has the server's headers in order, and its trailers", async () => {
    const authority = await net.serve((_, response) => {
      response.writeHead(201, [
        ["Set-Cookie", "a=1"],
        ["X-Bytes", "\u00e9"],
        ["Set-Cookie", "b=2"],
        ["Trailer", "x-sum"],
      ]);
      response.write("hello");
      response.addTrailers({ "X-Sum": "7" });
      response.end();
    });
    const response = await net.responseTo({ authority });
    expect(response.status).toBe(201);
    const lines = response.headers().entries();
    expect(lines.map(([name, text]) => `${name}=${latin1(text)}`).slice(0, 4)).toEqual([
      "set-cookie=a=1",
      "x-bytes=\u00e9",
      "set-cookie=b=2",
      "trailer=x-sum",
    ]);
    expect(response.headers().has("transfer-encoding")).toBe(false);
    const body = value(response.consume());
    expect(response.consume().tag).toBe("err");
    const stream = value(body.stream());
    expect(body.stream().tag).toBe("err");
    expect(await contentOf(stream)).toBe("hello");
    expect(() => body.finish()).toThrow(/input-stream must be dropped first/);
    stream.dispose();
    const future = body.finish();
    await future.wait();
    const trailers = value(value(future.get()));
    expect(trailers?.get("x-sum").map(latin1)).toEqual(["7"]);
    expect(future.get()).toEqual({ tag: "err", val: undefined });
  });

  test("is given once", async () => {
    const future = net.start({ authority: await net.serve((_, response) => response.end()) });
    expect(future.get()).toBeUndefined();
    expect((await answerOf(future)).tag).toBe("ok");
    expect(future.get()).toEqual({ tag: "err", val: undefined });
  });

  test("follows informational ones", async () => {
    const authority = await net.serve((_, response) => {
      response.writeEarlyHints({ link: "</a>; rel=preload" });
      response.writeHead(204).end();
    });
    expect((await net.responseTo({ authority })).status).toBe(204);
  });

  test("neither follows redirects nor decompresses", async () => {
    const authority = await net.serve((_, response) => {
      response.writeHead(302, { location: "/", "content-encoding": "gzip" }).end("plain");
    });
    const response = await net.responseTo({ authority });
    expect(response.status).toBe(302);
    expect(await textOf(response)).toBe("plain");
  });

  test("to HEAD has no body", async () => {
    const authority = await net.serve((_, response) => {
      response.writeHead(200, { "content-length": "12" }).end();
    });
    const response = await net.responseTo({ authority, method: "HEAD" });
    expect(response.headers().contentLength()).toBe(12);
    expect(await textOf(response)).toBe("");
  });

  test("that the guest does not read any further is aborted", async () => {
    const closed = Promise.withResolvers<boolean>();
    const authority = await net.serve((_, response) => {
      response.write("a");
      response.on("close", () => closed.resolve(response.writableFinished));
    });
    const body = value((await net.responseTo({ authority })).consume());
    const stream = value(body.stream());
    await stream.wait();
    expect(stream.read(10).length).toBe(1);
    stream.dispose();
    body.drop();
    expect(await closed.promise).toBe(false);
  });

  test.each([
    ["before the answer", false],
    ["with an answer that was not taken", true],
  ])("the call dropped %s is aborted", async (_, answers) => {
    const arrived = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const authority = await net.serve((_request, response) => {
      response.on("close", closed.resolve);
      if (answers) response.write("a");
      arrived.resolve();
    });
    const future = net.start({ authority });
    await arrived.promise;
    if (answers) await future.wait();
    future.drop();
    await expect(closed.promise).resolves.toBeUndefined();
  });
});
