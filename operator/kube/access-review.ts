import type { KubeClient } from "./client.ts";

/** Who a token belongs to, as the API server says (authentication.k8s.io/v1 UserInfo). */
export interface KubeUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What somebody wants to do: a verb on a resource, or on a path that is none. */
export type WantedAccess =
  | {
      readonly resourceAttributes: {
        readonly verb: string;
        readonly group: string;
        readonly resource: string;
        /** All namespaces where not given. */
        readonly namespace?: string | undefined;
      };
    }
  | { readonly nonResourceAttributes: { readonly verb: string; readonly path: string } };

interface TokenReview {
  readonly status?: { readonly authenticated?: boolean; readonly user?: Partial<KubeUser> };
}

interface AccessReview {
  readonly status?: { readonly allowed?: boolean };
}

/**
 * Asks the API server whose token this is (TokenReview). Undefined for one that is nobody's, has
 * expired, or is meant for another audience. Throws as KubeClient.
 */
export async function reviewToken(
  client: KubeClient,
  token: string,
  signal?: AbortSignal,
): Promise<KubeUser | undefined> {
  const review = { group: "authentication.k8s.io", kind: "TokenReview", spec: { token }, signal };
  const { status } = await post<TokenReview>(client, review);
  const { user } = status ?? {};
  if (status?.authenticated !== true || !user?.username) return undefined;
  return { ...user, username: user.username };
}

/** Asks the API server whether somebody may (SubjectAccessReview). Throws as KubeClient. */
export async function reviewAccess(
  client: KubeClient,
  { username, uid, groups, extra }: KubeUser,
  wanted: WantedAccess,
  signal?: AbortSignal,
): Promise<boolean> {
  const spec = { user: username, uid, groups, extra, ...wanted };
  const review = { group: "authorization.k8s.io", kind: "SubjectAccessReview", spec, signal };
  const { status } = await post<AccessReview>(client, review);
  return status?.allowed === true;
}

interface Review {
  readonly group: string;
  readonly kind: string;
  readonly spec: object;
  readonly signal: AbortSignal | undefined;
}

async function post<T>(client: KubeClient, { group, kind, spec, signal }: Review): Promise<T> {
  const path = `/apis/${group}/v1/${kind.toLowerCase()}s`;
  const body = { apiVersion: `${group}/v1`, kind, spec };
  return (await client.raw({ method: "POST", path, body, signal })) as T;
}
