import { X509Certificate } from "node:crypto";
import { OperatorError, errorText } from "../error.ts";
import { limits } from "../limits.ts";
import type { KubeClient } from "./client.ts";
import { type Clock, pause, systemClock } from "./clock.ts";
import { isKubeError } from "./kube-error.ts";
import { type Log, silentLog } from "./log.ts";
import { type KubeObject, type ObjectKey, keyText } from "./object.ts";
import { resourceType } from "./resource.ts";
import { type Certificate, selfSignedCertificate } from "./self-signed-certificate.ts";

/** A certificate, and what clients have to trust for it: also the one before it, for a while. */
export interface KeptCertificate extends Certificate {
  readonly trusted: string;
}

interface TlsSecret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface CertificateKeeperOptions {
  readonly client: KubeClient;
  /** The Secret that all replicas share. */
  readonly secret: ObjectKey & { readonly namespace: string };
  /** DNS names that the certificate is for. */
  readonly names: readonly [string, ...string[]];
  /** Put on the Secret; one without it belongs to somebody else and is only read. */
  readonly mark: readonly [annotation: string, value: string];
  /** Makes clients trust these certificates (PEM); done before a new one is served. */
  readonly trust: (trusted: string, signal: AbortSignal) => Promise<void>;
  readonly clock?: Clock;
  readonly log?: Log;
}

const secrets = resourceType<TlsSecret>({ apiVersion: "v1", kind: "Secret", plural: "secrets" });

/**
 * Keeps a certificate for TLS in a Secret: made where there is none, replaced in time, the same for
 * all replicas. A Secret of somebody else (cert-manager) is used as it is.
 */
export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
  }

  /**
   * The certificate to serve now, which clients trust by now. Throws what the API server refuses,
   * `certificate` where somebody's Secret has none.
   */
  async current(signal: AbortSignal): Promise<KeptCertificate> {
    // Several replicas may find none at the same moment: the second look sees the winner's.
    for (let attempt = 0; ; attempt++) {
      try {
        const kept = keptIn(await this.#renewed(signal), this.#options.secret);
        await this.#options.trust(kept.trusted, signal);
        return kept;
      } catch (error) {
        if (attempt >= 3 || !isKubeError(error, "AlreadyExists", "Conflict", "NotFound"))
          throw error;
      }
    }
  }

  /** Tells of each new certificate until the abort; never rejects. */
  async run(changed: (certificate: KeptCertificate) => void, signal: AbortSignal): Promise<void> {
    let served: string | undefined;
    for (;;) {
      await pause(this.#clock, limits.certificateCheckMs, signal);
      if (signal.aborted) return;
      try {
        const kept = await this.current(signal);
        if (served !== kept.cert) changed(kept);
        served = kept.cert;
      } catch (error) {
        if (signal.aborted) return;
        this.#log.error({ error: errorText(error) }, "cannot look after the certificate");
      }
    }
  }

  async #renewed(signal: AbortSignal): Promise<TlsSecret> {
    const { client, secret, mark } = this.#options;
    const live = await this.#read(signal);
    if (live === undefined) {
      return await client.create(secrets, this.#make([], undefined), { signal });
    }
    if (live.metadata.annotations?.[mark[0]] !== mark[1]) return live;
    const now = this.#clock.date().getTime();
    const cert = certificateIn(live);
    const renewAt = (cert?.validFromDate.getTime() ?? 0) + limits.certificateRenewMs;
    const isOurs = this.#options.names.every((name) => cert?.checkHost(name) !== undefined);
    if (cert !== undefined && isOurs && now < renewAt) return live;
    this.#log.info({ secret: keyText(secret) }, "the certificate is replaced");
    const old = cert !== undefined && now < cert.validToDate.getTime() ? [cert.toString()] : [];
    const { resourceVersion } = live.metadata;
    return await client.update(secrets, this.#make(old, resourceVersion), { signal });
  }

  async #read(signal: AbortSignal): Promise<TlsSecret | undefined> {
    try {
      return await this.#options.client.get(secrets, this.#options.secret, { signal });
    } catch (error) {
      if (isKubeError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  #make(alsoTrusted: readonly string[], resourceVersion: string | undefined): TlsSecret {
    const { secret, names, mark } = this.#options;
    const now = this.#clock.date().getTime();
    // Clocks of other machines may be behind.
    const from = new Date(now - limits.certificateSkewMs);
    const until = new Date(now + limits.certificateMs);
    const { cert, key } = selfSignedCertificate({ names, from, until });
    const trusted = [cert, ...alsoTrusted].join("");
    return {
      metadata: {
        ...secret,
        annotations: { [mark[0]]: mark[1] },
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      type: "kubernetes.io/tls",
      data: { "tls.crt": base64(cert), "tls.key": base64(key), "ca.crt": base64(trusted) },
    };
  }
}

function keptIn({ data = {} }: TlsSecret, key: ObjectKey): KeptCertificate {
  const cert = text(data["tls.crt"]);
  const privateKey = text(data["tls.key"]);
  if (cert === "" || privateKey === "") {
    throw new OperatorError(
      "certificate",
      `Secret ${keyText(key)} has no tls.crt and tls.key: delete it, and the operator makes one`,
    );
  }
  return { cert, key: privateKey, trusted: text(data["ca.crt"]) || cert };
}

function certificateIn({ data = {} }: TlsSecret): X509Certificate | undefined {
  try {
    return new X509Certificate(text(data["tls.crt"]));
  } catch {
    return undefined;
  }
}

function base64(value: string): string {
  return Buffer.from(value).toString("base64");
}

function text(value: string | undefined): string {
  return Buffer.from(value ?? "", "base64").toString();
}
