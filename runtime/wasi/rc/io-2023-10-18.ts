import { trap } from "../../error.ts";
import type { HostFunction } from "../../instance/host-interface.ts";
import { monotonicClock } from "../clocks/monotonic-clock.ts";
import type { WasiContext } from "../context.ts";
import { ioError } from "../io/error-interface.ts";
import { poll } from "../io/poll-interface.ts";
import { streams } from "../io/streams-interface.ts";
import type { InputStream, OutputStream } from "../io/streams.ts";
import type { Changes } from "./reissued.ts";

type Functions = Readonly<Record<string, HostFunction<WasiContext>>>;

function released(functions: Functions, name: string): HostFunction<WasiContext> {
  const found = functions[name];
  if (found === undefined) throw new TypeError(`no released function ${name}`);
  return found;
}

/** wasi:io/poll 0.2.0-rc-2023-10-18, as it differs from 0.2. */
export const poll20231018: Changes = {
  functions: {
    "poll-list": released(poll.functions, "poll"),
    "poll-one": released(poll.functions, "[method]pollable.block"),
  },
  suspending: ["poll-list", "poll-one"],
};

/** The candidate gives the source away, where the release lends it. */
function consuming(name: string): HostFunction<WasiContext> {
  const splice = released(streams.functions, name);
  return (context: WasiContext, stream: OutputStream, source: InputStream, length: bigint) => {
    const answer = splice(context, stream, source, length);
    if (answer instanceof Promise) return answer.finally(() => source.dispose());
    source.dispose();
    return answer;
  };
}

/** wasi:io/streams 0.2.0-rc-2023-10-18, as it differs from 0.2: errors are part of it. */
export const streams20231018: Changes = {
  functions: {
    ...ioError.functions,
    "[method]output-stream.splice": consuming("[method]output-stream.splice"),
    "[method]output-stream.blocking-splice": consuming("[method]output-stream.blocking-splice"),
    "[method]output-stream.forward": () =>
      trap("output-stream.forward of wasi:io 0.2.0-rc-2023-10-18 is not supported"),
  },
  resources: ioError.resources,
};

const subscribeInstant = released(monotonicClock.functions, "subscribe-instant");
const subscribeDuration = released(monotonicClock.functions, "subscribe-duration");

/** wasi:clocks/monotonic-clock 0.2.0-rc-2023-10-18, as it differs from 0.2. */
export const monotonicClock20231018: Changes = {
  functions: {
    subscribe: (context: WasiContext, when: bigint, isAbsolute: boolean) =>
      (isAbsolute ? subscribeInstant : subscribeDuration)(context, when),
  },
};
