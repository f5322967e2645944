import { err, ok } from "../../instance/host-interface.ts";
import type { Result } from "../../instance/host-interface.ts";
import { getMethod } from "./method.ts";
import type { Method, Scheme } from "./method.ts";
import { isAuthority, isMethod, isPathWithQuery, isScheme } from "./request-target.ts";

type Outcome = Result<undefined, undefined>;

const done: Outcome = ok(undefined);
const failed = err(undefined);

/** What a guest may set of a request before it is sent, in every version of wasi:http/types. */
export class RequestHead {
  method: Method = getMethod;
  scheme: Scheme | undefined;
  authority: string | undefined;
  pathWithQuery: string | undefined;

  setMethod(method: Method): Outcome {
    if (!isMethod(method)) return failed;
    this.method = method;
    return done;
  }

  setScheme(scheme: Scheme | undefined): Outcome {
    if (scheme !== undefined && !isScheme(scheme)) return failed;
    this.scheme = scheme;
    return done;
  }

  setAuthority(authority: string | undefined): Outcome {
    if (authority !== undefined && !isAuthority(authority)) return failed;
    this.authority = authority;
    return done;
  }

  setPathWithQuery(path: string | undefined): Outcome {
    if (path !== undefined && !isPathWithQuery(path)) return failed;
    this.pathWithQuery = path;
    return done;
  }
}
