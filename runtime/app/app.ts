import type { WarmSettings } from "./warm-settings.ts";

/** An app, ready to be run: everything resolved that can be known before it starts. */
export interface App {
  readonly name: string;
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly ociImageDigest: string | undefined;
  /** Absolute path of the manifest's or component's directory; stores are kept below it. */
  readonly directory: string;
  /** Variables that the app declares, by name. */
  readonly variables: ReadonlyMap<string, AppVariable>;
  readonly components: ReadonlyMap<string, AppComponent>;
  readonly httpTriggers: readonly HttpTrigger[];
  readonly eventTriggers: readonly EventTrigger[];
  /** What is suspicious about the app but does not stop it, each with its place. */
  readonly warnings: readonly string[];
}

export interface AppVariable {
  /** Undefined for a required variable: a provider has to have its value. */
  readonly default: string | undefined;
  /** Never to be shown. */
  readonly isSecret: boolean;
}

export interface AppComponent {
  readonly id: string;
  /** Absolute path of the .wasm file. */
  readonly sourcePath: string;
  /** Where the source was named, for messages: `spin.toml:12` or the path itself. */
  readonly sourceOrigin: string;
  readonly environment: readonly (readonly [string, string])[];
  readonly files: readonly FileMount[];
  /** Entries that are valid with the defaults of variables; may hold `{{ variable }}`. */
  readonly allowedOutboundHosts: readonly string[];
  /** What the component reads as its own variables: name and template. */
  readonly variables: ReadonlyMap<string, string>;
  /** Labels of the stores, databases and models that the component may open. */
  readonly keyValueStores: readonly string[];
  readonly sqliteDatabases: readonly string[];
  readonly aiModels: readonly string[];
  /** Components that satisfy imports of this one; composed into it when it is loaded. */
  readonly dependencies?: readonly AppDependency[];
  /** HTTP middleware in front of the component's handler, the outermost first. */
  readonly middleware?: readonly ComposedPart[];
  /** Id in the manifest of a component that was copied for a trigger with middleware of its own. */
  readonly declaredId?: string;
  /** Instances begin with the state after these requests. */
  readonly warm?: WarmSettings;
}

/** A component that is composed with another one and runs in the same instance. */
export interface ComposedPart {
  /** Absolute path of the .wasm file. */
  readonly sourcePath: string;
  /** Where it was named, for messages: `spin.toml:12`. */
  readonly sourceOrigin: string;
  /** What of the other component's configuration it may use; nothing else of the host's. */
  readonly inherit: "all" | readonly string[];
}

/** Satisfies those imports of a component that its name means. */
export interface AppDependency extends ComposedPart {
  /** `ns:package`, `ns:package/interface@1.2.3`, or a plain import's own name. */
  readonly name: string;
  /** The export that is used; the one with the import's name where undefined. */
  readonly export: string | undefined;
}

/** One host file or directory, read-only, at a path inside the guest's `/`. */
export interface FileMount {
  readonly hostPath: string;
  /** Relative to `/`, `""` for the root itself. */
  readonly guestPath: string;
}

export interface HttpTrigger {
  readonly id: string;
  /** As written in the manifest; undefined for a private trigger (service chaining only). */
  readonly route: string | undefined;
  /** Where the route was written, for messages: `spin.toml:12:9`. */
  readonly origin?: string;
  readonly target:
    | {
        readonly kind: "component";
        readonly component: string;
        /** Called as a CGI program with these arguments instead of through its HTTP export. */
        readonly wagi?: { readonly argv: string };
      }
    | {
        readonly kind: "static";
        readonly status: number;
        readonly headers: readonly (readonly [string, string])[];
        readonly body: Uint8Array;
      };
}

/** What calls a component other than HTTP. Texts may hold `{{ variable }}`. */
export type EventTrigger = RedisTrigger | MqttTrigger | SqsTrigger | CronTrigger | CommandTrigger;

interface NamedTrigger {
  readonly id: string;
  /** Id of the component. */
  readonly component: string;
}

/** Each message of a channel. */
export interface RedisTrigger extends NamedTrigger {
  readonly kind: "redis";
  /** `redis://host:port`. */
  readonly address: string;
  readonly channel: string;
}

/** Each message of a topic, which may have wildcards. */
export interface MqttTrigger extends NamedTrigger {
  readonly kind: "mqtt";
  /** `mqtt://host:port`. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
  readonly keepAliveSeconds: number;
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
}

/** Each message of a queue. */
export interface SqsTrigger extends NamedTrigger {
  readonly kind: "sqs";
  readonly queueUrl: string;
  /** Messages taken at once, 1 to 10. */
  readonly messagesMax: number;
  /** Pause after the queue was found empty. */
  readonly idleWaitSeconds: number;
  readonly systemAttributes: readonly string[];
  readonly messageAttributes: readonly string[];
}

/** Points in time, in UTC. */
export interface CronTrigger extends NamedTrigger {
  readonly kind: "cron";
  /** Seconds, minutes, hours, day of the month, month, day of the week. */
  readonly expression: string;
}

/** Once; the app ends with it. */
export interface CommandTrigger extends NamedTrigger {
  readonly kind: "command";
}
