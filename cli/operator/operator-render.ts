import { stringify } from "yaml";
import { render } from "../../operator/desired/render.ts";
import { OperatorError } from "../../operator/error.ts";
import type { KubeObject } from "../../operator/kube/object.ts";
import { parseManifests } from "./operator-render-manifests.ts";

/** What a rendering prints. */
export interface RenderOutput {
  /** Manifests as YAML, for stdout. */
  readonly manifests: string;
  /** What is wrong or odd, one line each, for stderr. */
  readonly complaints: readonly string[];
  /** Whether nothing could be made of some app. */
  readonly failed: boolean;
}

export interface RenderOptions {
  /** Where the manifests come from, for messages. */
  readonly file: string;
  /** Namespace of objects that name none. */
  readonly namespace?: string | undefined;
}

/**
 * What the operator would apply for the SpinApps of a file (YAML documents or JSON). Executors,
 * ConfigMaps and Secrets are taken from the same file; without an executor the built-in one is
 * assumed. Does not read the cluster. Throws `usage` where the text is no manifest.
 */
export function renderManifests(text: string, options: RenderOptions): RenderOutput {
  const { file, namespace } = options;
  const objects = parseManifests(text, file).map((object) => inNamespace(object, namespace));
  const apps = objects.filter(({ kind }) => kind === "SpinApp");
  if (apps.length === 0) {
    throw new OperatorError("usage", `${file} contains no SpinApp: give a file with one`);
  }
  const others = objects.filter(({ kind }) => kind !== "SpinApp");
  const results = apps.map((app) => renderOne(app, others, file));
  return {
    manifests: results.flatMap(({ manifests }) => manifests).join("---\n"),
    complaints: results.flatMap(({ complaints }) => complaints),
    failed: results.some(({ failed }) => failed),
  };
}

interface OneOutput {
  readonly manifests: readonly string[];
  readonly complaints: readonly string[];
  readonly failed: boolean;
}

function renderOne(app: KubeObject, others: readonly KubeObject[], file: string): OneOutput {
  const where = `${file}: SpinApp ${app.metadata.name}`;
  try {
    const [rendered] = render([...others, app]);
    const { children = [], violations = [], caCertificates } = rendered ?? {};
    const complaints = violations.map(
      ({ field, message, fatal }) => `${where}: ${fatal ? "" : "warning: "}${field}: ${message}`,
    );
    const notes =
      caCertificates === undefined
        ? []
        : [`${where}: the operator also keeps Secret ${caCertificates} with public certificates`];
    return {
      manifests: children.map((child) => stringify(child, { aliasDuplicateObjects: false })),
      complaints: [...complaints, ...notes],
      failed: violations.some(({ fatal }) => fatal),
    };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { manifests: [], complaints: [`${where}: ${error.message}`], failed: true };
  }
}

function inNamespace(object: KubeObject, namespace: string | undefined): KubeObject {
  if (namespace === undefined || object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}
