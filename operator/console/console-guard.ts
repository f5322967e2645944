import { createHash } from "node:crypto";
import type { AccessVerdict } from "../../runtime/telemetry/admin/console-access.ts";
import type { ConsoleView } from "../../runtime/telemetry/admin/console-view.ts";
import { group } from "../api/names.ts";
import { errorText } from "../error.ts";
import { type KubeUser, reviewAccess, reviewToken } from "../kube/access-review.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Clock } from "../kube/clock.ts";
import type { Log } from "../kube/log.ts";
import { limits } from "../limits.ts";
import { type ConsoleRights, type Namespaces, sameRights } from "./console-rights.ts";

export interface ConsoleGuardOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Namespaces in which there is something to see. */
  namespaces(): readonly string[];
  /** What somebody with these rights sees. */
  viewOf(rights: ConsoleRights): ConsoleView;
}

interface Granted {
  readonly rights: ConsoleRights;
  readonly view: ConsoleView;
}

interface Caller {
  readonly atMs: number;
  readonly verdict: Promise<AccessVerdict>;
  /** What was granted last: stays the same object while the rights do. */
  granted: Granted | undefined;
}

const noToken: AccessVerdict = {
  kind: "unauthorized",
  reason: "no token came; a bearer token of Kubernetes is needed (kubectl create token)",
};
const unknownToken: AccessVerdict = {
  kind: "unauthorized",
  reason: "this cluster does not know the token, or it has expired",
};
const tooMany: AccessVerdict = { kind: "busy", reason: "too many callers are being checked" };

/**
 * Decides who sees what of a cluster by the cluster's own rights: whose token it is (TokenReview),
 * and where that user may list SpinApps and pods (SubjectAccessReview). What was found holds for a
 * short time. Nobody sees anything while the API server does not answer.
 */
export class ConsoleGuard {
  readonly #options: ConsoleGuardOptions;
  /** By digest, so that no token stays in memory; oldest first. */
  readonly #callers = new Map<string, Caller>();
  #asking = 0;

  constructor(options: ConsoleGuardOptions) {
    this.#options = options;
  }

  /** Callers that are remembered. */
  get size(): number {
    return this.#callers.size;
  }

  /** Never rejects. */
  async authorize(token: string | undefined): Promise<AccessVerdict> {
    if (token === undefined) return noToken;
    const key = createHash("sha256").update(token).digest("base64");
    const known = this.#callers.get(key);
    const atMs = this.#options.clock.now();
    if (known !== undefined && atMs - known.atMs < limits.consoleVerdictMs) {
      return await known.verdict;
    }
    if (this.#asking >= limits.consoleCallersAtOnceMax) return tooMany;
    const verdict = this.#ask(token, () => this.#callers.get(key));
    this.#remember(key, { atMs, verdict, granted: known?.granted });
    const found = await verdict;
    // A failure to ask is no verdict: the next request asks again.
    if (found.kind === "busy" && this.#callers.get(key)?.verdict === verdict) {
      this.#callers.delete(key);
    }
    return found;
  }

  #remember(key: string, caller: Caller): void {
    this.#callers.delete(key);
    this.#callers.set(key, caller);
    const [oldest] = this.#callers.keys();
    if (this.#callers.size > limits.consoleCallersMax && oldest !== undefined) {
      this.#callers.delete(oldest);
    }
  }

  async #ask(token: string, caller: () => Caller | undefined): Promise<AccessVerdict> {
    this.#asking += 1;
    try {
      const user = await reviewToken(this.#options.client, token);
      if (user === undefined) return unknownToken;
      const rights = await this.#rightsOf(user);
      if (rights.apps !== "all" && rights.apps.size === 0) return mayNothing(user);
      const known = caller();
      const before = known?.granted;
      const granted =
        before !== undefined && sameRights(before.rights, rights)
          ? before
          : { rights, view: this.#options.viewOf(rights) };
      if (known !== undefined) known.granted = granted;
      return { kind: "granted", view: granted.view };
    } catch (error) {
      this.#options.log.warn({ error: errorText(error) }, "could not check who asks the console");
      return { kind: "busy", reason: "the API server could not be asked about the token" };
    } finally {
      this.#asking -= 1;
    }
  }

  async #rightsOf(user: KubeUser): Promise<ConsoleRights> {
    const candidates = candidatesFor(user, this.#options.namespaces());
    const apps = await this.#mayList(user, { group, resource: "spinapps" }, candidates);
    const pods = await this.#mayList(user, { group: "", resource: "pods" }, [
      ...(apps === "all" ? candidates : apps),
    ]);
    return { apps, pods };
  }

  async #mayList(
    user: KubeUser,
    resource: { readonly group: string; readonly resource: string },
    candidates: readonly string[],
  ): Promise<Namespaces> {
    const { client } = this.#options;
    const may = async (namespace?: string): Promise<boolean> => {
      const resourceAttributes = { ...resource, verb: "list", namespace };
      return await reviewAccess(client, user, { resourceAttributes });
    };
    if (candidates.length === 0) return new Set();
    if (await may()) return "all";
    const allowed = new Set<string>();
    for (let at = 0; at < candidates.length; at += limits.consoleReviewsAtOnceMax) {
      const some = candidates.slice(at, at + limits.consoleReviewsAtOnceMax);
      const verdicts = await Promise.all(some.map(may));
      for (const [index, namespace] of some.entries()) {
        if (verdicts[index] === true) allowed.add(namespace);
      }
    }
    return allowed;
  }
}

/** The service account's own namespace first: in a large cluster not all of them are asked about. */
function candidatesFor({ username }: KubeUser, namespaces: readonly string[]): readonly string[] {
  const own = /^system:serviceaccount:([^:]+):/u.exec(username)?.[1];
  const all = new Set(own === undefined ? namespaces : [own, ...namespaces]);
  return [...all].slice(0, limits.consoleNamespacesMax);
}

function mayNothing({ username }: KubeUser): AccessVerdict {
  const reason = `${username} may list spinapps.${group} in none of the namespaces with apps; the ClusterRole view gives that right`;
  return { kind: "forbidden", reason };
}
