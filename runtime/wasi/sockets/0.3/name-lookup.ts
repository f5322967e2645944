import { err, ok } from "../../../instance/host-interface.ts";
import type { Result } from "../../../instance/host-interface.ts";
import type { WasiContext } from "../../context.ts";
import type { SocketErrorCode } from "../error-code.ts";
import type { IpAddress } from "../ip-address.ts";
import { resolveAddresses } from "../ip-name-lookup.ts";

type PlainTag =
  | "access-denied"
  | "invalid-argument"
  | "name-unresolvable"
  | "temporary-resolver-failure"
  | "permanent-resolver-failure";

/** wasi:sockets/ip-name-lookup@0.3 `error-code`. */
type LookupError =
  | { readonly tag: PlainTag; readonly val: undefined }
  | { readonly tag: "other"; readonly val: string | undefined };

const plainTags: ReadonlySet<string> = new Set<PlainTag>([
  "access-denied",
  "invalid-argument",
  "name-unresolvable",
  "temporary-resolver-failure",
  "permanent-resolver-failure",
]);

/** wasi:sockets/ip-name-lookup@0.3 `resolve-addresses`. */
export async function resolveAddresses03(
  { sockets }: WasiContext,
  name: string,
): Promise<Result<readonly IpAddress[], LookupError>> {
  const resolving = resolveAddresses(sockets, name);
  if (resolving.tag === "err") return err(lookupError(resolving.val));
  const stream = resolving.val;
  await stream.wait();
  const addresses: IpAddress[] = [];
  for (;;) {
    const next = stream.resolveNextAddress();
    if (next.tag === "err") return err(lookupError(next.val));
    if (next.val === undefined) return ok(addresses);
    addresses.push(next.val);
  }
}

function lookupError(code: SocketErrorCode): LookupError {
  return plainTags.has(code)
    ? { tag: code as PlainTag, val: undefined }
    : { tag: "other", val: code };
}
