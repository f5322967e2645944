import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import type { KubeObject } from "../kube/object.ts";
import { ShapeChecker } from "./check-shape.ts";
import { childList, desiredChildren } from "./children.ts";
import { resolveExecutor } from "./executor.ts";
import type { Manifest } from "./manifest.ts";
import type { ReferencedValues } from "./runtime-config.ts";
import { validateApp, validateExecutorUse } from "./validate-app.ts";
import type { Violation } from "./validate-app.ts";
import { withDefaults } from "./with-defaults.ts";

/** What would be applied for the apps among some manifests. */
export interface Rendered {
  readonly app: SpinApp;
  readonly children: readonly Manifest[];
  /** Name of the certificate Secret that would be provided, where there is one. */
  readonly caCertificates: string | undefined;
  readonly violations: readonly Violation[];
}

interface DataObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/**
 * Renders every SpinApp among `objects`; executors, ConfigMaps and Secrets are taken from there too.
 * Throws as `desiredChildren` and `resolveExecutor` do.
 */
export function render(objects: readonly KubeObject[]): readonly Rendered[] {
  const checker = new ShapeChecker();
  const executors = objects.filter(({ kind }) => kind === "SpinAppExecutor") as SpinAppExecutor[];
  const odd = executors.flatMap(({ metadata, spec }) =>
    checker
      .check("SpinAppExecutor", spec)
      .map((one) => ({ ...one, field: `SpinAppExecutor ${metadata.name}: ${one.field}` })),
  );
  return objects
    .filter(({ kind }) => kind === "SpinApp")
    .map((object) => {
      const app = object as SpinApp;
      const violations = [...odd, ...checker.check("SpinApp", app.spec)];
      if (violations.some(({ fatal }) => fatal)) return nothing(app, violations);
      return renderApp(withDefaults(app), { executors, objects, violations });
    });
}

function nothing(app: SpinApp, violations: readonly Violation[]): Rendered {
  return { app, children: [], caCertificates: undefined, violations };
}

interface Surroundings {
  readonly executors: readonly SpinAppExecutor[];
  readonly objects: readonly KubeObject[];
  /** Found already. */
  readonly violations: readonly Violation[];
}

function renderApp(app: SpinApp, { executors, objects, ...found }: Surroundings): Rendered {
  const { namespace } = app.metadata;
  const own = executors.filter(({ metadata }) => metadata.namespace === namespace);
  const broken = validateApp(app);
  if (broken.some(({ fatal }) => fatal)) return nothing(app, [...found.violations, ...broken]);
  const executor = resolveExecutor(app.spec.executor, { own, shared: executors });
  const violations = [...found.violations, ...broken, ...validateExecutorUse(app, executor)];
  const values = manifestValues(objects, namespace);
  const children = desiredChildren({ app, executor, values });
  const list = childList(children);
  const { caCertificates } = children;
  // A manifest on disk has no uid that an owner reference could name.
  const isStored = app.metadata.uid !== undefined;
  return { app, children: isStored ? list : list.map(withoutOwner), caCertificates, violations };
}

function withoutOwner(child: Manifest): Manifest {
  const { ownerReferences: _, ...metadata } = child.metadata;
  return { ...child, metadata };
}

/** Values of the ConfigMaps and Secrets among some manifests. */
function manifestValues(
  objects: readonly KubeObject[],
  namespace: string | undefined,
): ReferencedValues {
  const find = (kind: string, name: string): DataObject | undefined =>
    objects.find(
      ({ kind: other, metadata }) =>
        other === kind && metadata.name === name && metadata.namespace === namespace,
    );
  return {
    configMap: (name) => {
      const found = find("ConfigMap", name);
      return found && (found.data ?? {});
    },
    secret: (name) => {
      const found = find("Secret", name);
      return found && { ...decoded(found.data), ...found.stringData };
    },
  };
}

/** `data` of a Secret as text. */
export function decoded(
  data: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const entries = Object.entries(data ?? {});
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
  );
}
