import { setTimeout as delay } from "node:timers/promises";
import { ask } from "./ask.ts";

/** Requests until disposed, as an app of some popularity gets them, whatever becomes of each. */
export function mixedLoad(url: string): AsyncDisposable {
  const ended = new AbortController();
  const loading = (async () => {
    for (let at = 0; !ended.signal.aborted; at++) {
      await Promise.all(pathsOf(at, url).map((path) => ask(url, path).catch(() => 0)));
      await delay(20 + 15 * Math.sin(at / 25), undefined, { signal: ended.signal }).catch(() => 0);
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      ended.abort();
      await loading;
    },
  };
}

/** The same at each time; a few of them slow, very few failing. */
function pathsOf(at: number, url: string): string[] {
  const paths = ["/", `/count?page=${at % 40}`, "/request"];
  if (at % 2 === 0) paths.push(`/bytes?count=${(at * 977) % 60_000}`);
  if (at % 3 === 0) paths.push(`/sleep?ms=${2 + ((at * 7) % 24)}`);
  if (at % 5 === 0) paths.push(`/fetch?url=${url}/sleep?ms=${5 + (at % 20)}`);
  if (at % 9 === 0) paths.push("/log");
  if (at % 11 === 0) paths.push(`/orders/${at}`);
  if (at % 23 === 0) paths.push(`/sleep?ms=${120 + (at % 200)}`);
  if (at % 60 === 9) paths.push("/trap");
  return paths;
}
