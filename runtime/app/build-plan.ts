import { isAbsolute, join, resolve } from "node:path";
import { WhorlError } from "../error.ts";
import type { Manifest, ManifestComponent, ManifestFiles, ManifestTrigger } from "./manifest.ts";
import { ManifestProblems } from "./manifest-problems.ts";
import { didYouMean } from "./nearest-name.ts";
import { parseManifest, type ManifestText } from "./read-manifest.ts";
import type { PlainToml } from "./toml-document.ts";
import { triggerIds } from "./trigger-table.ts";

/** How the components of an app are built, as its manifest says. */
export interface BuildPlan {
  readonly appName: string;
  /** As the manifest is called in messages. */
  readonly manifest: string;
  /** Absolute directory of the manifest. */
  readonly directory: string;
  /** In the order of the manifest. */
  readonly components: readonly PlannedComponent[];
}

export interface PlannedComponent {
  readonly id: string;
  /** Absolute path of what the build has to make; undefined if it comes from elsewhere. */
  readonly sourcePath: string | undefined;
  /** Files for the guest: patterns and paths, relative to the manifest. */
  readonly files: readonly string[];
  /** Undefined for a component that is not built. */
  readonly build: ComponentBuild | undefined;
}

export interface ComponentBuild {
  /** Shell commands, one after the other. */
  readonly commands: readonly string[];
  /** Absolute directory of the commands. */
  readonly workdir: string;
  /** Patterns of the files that it is made from, relative to the workdir. */
  readonly watch: readonly string[];
  /** Where the commands stand: `spin.toml:12:11`. */
  readonly origin: string;
  /** Ids of components that have to be built before. */
  readonly after: readonly string[];
}

interface ManifestBuild {
  readonly command: string | readonly string[];
  readonly workdir?: string;
  readonly watch?: readonly string[];
}

/**
 * Reads from a manifest how its components are built. The rest of it may have mistakes, and the
 * sources need not exist yet.
 * @param profile whose build commands are taken where a component has them.
 * @throws WhorlError `manifest` with one line `file:line:column: ...` per problem.
 */
export function planBuild({ text, name, directory }: ManifestText, profile?: string): BuildPlan {
  const problems = new ManifestProblems(name);
  const shaped = parseManifest(text, profile, problems);
  problems.throwIfAny();
  if (shaped === undefined) throw new Error(`${name}: refused without a reason`);
  const { manifest, positions } = shaped;
  const declared = declaredComponents(manifest);
  const components = declared.map(([id, component]) =>
    plannedComponent(id, component, { declared, directory, positions, problems }),
  );
  problems.throwIfAny();
  return { appName: manifest.application.name, manifest: name, directory, components };
}

/**
 * The components to build: the wanted ones, or all where none is named.
 * @throws WhorlError `usage` for a name that the manifest does not have.
 */
export function selectComponents(plan: BuildPlan, wanted: readonly string[]): BuildPlan {
  const ids = plan.components.map(({ id }) => id);
  const unknown = wanted.find((id) => !ids.includes(id));
  if (unknown !== undefined) {
    throw new WhorlError(
      "usage",
      `${plan.manifest} has no component "${unknown}"${didYouMean(unknown, ids) || `; it has ${ids.join(", ")}`}`,
    );
  }
  if (wanted.length === 0) return plan;
  return { ...plan, components: plan.components.filter(({ id }) => wanted.includes(id)) };
}

type Declared = readonly (readonly [id: string, component: ManifestComponent])[];

/** Also those that are written in their trigger. */
function declaredComponents(manifest: Manifest): Declared {
  const named = Object.entries(manifest.component ?? {});
  const inline = Object.entries(manifest.trigger ?? {}).flatMap(([type, list]) => {
    const triggers = list as readonly ManifestTrigger[];
    const ids = triggerIds(triggers, type);
    return triggers.flatMap(({ component }, index) =>
      typeof component === "object" ? [[`${ids[index] ?? ""}-component`, component] as const] : [],
    );
  });
  return [...named, ...inline];
}

interface PlanContext {
  readonly declared: Declared;
  readonly directory: string;
  readonly positions: PlainToml;
  readonly problems: ManifestProblems;
}

function plannedComponent(
  id: string,
  component: ManifestComponent,
  context: PlanContext,
): PlannedComponent {
  const { source } = component;
  return {
    id,
    sourcePath: typeof source === "string" ? resolve(context.directory, source) : undefined,
    files: (component.files ?? []).map(filesPattern),
    build: component.build && componentBuild(component, component.build, context),
  };
}

function filesPattern(files: ManifestFiles): string {
  return typeof files === "string" ? files : files.source;
}

function componentBuild(
  component: ManifestComponent,
  build: ManifestBuild,
  context: PlanContext,
): ComponentBuild {
  const { positions, problems, directory } = context;
  const { command, workdir = "", watch = [] } = build;
  const commands = typeof command === "string" ? [command] : command;
  if (commands.length === 0 || commands.some((each) => each.trim() === "")) {
    const at = positions.valueAt(build, "command");
    problems.add("manifest", at, "the build command is empty; write one, or remove the table");
  }
  if (isAbsolute(workdir)) {
    const at = positions.valueAt(build, "workdir");
    problems.add("manifest", at, `workdir "${workdir}" is absolute; write it relative to the file`);
  }
  return {
    commands,
    workdir: join(directory, workdir),
    watch,
    origin: problems.at(positions.valueAt(build, "command")),
    after: dependencies(component, context),
  };
}

/** Components whose binary this one is composed with: named, or by the path that they build. */
function dependencies(component: ManifestComponent, context: PlanContext): string[] {
  const { declared, directory } = context;
  return Object.values(component.dependencies ?? {}).flatMap((dependency: unknown) => {
    if (typeof dependency !== "object" || dependency === null) return [];
    const { component: named, path } = dependency as { component?: unknown; path?: unknown };
    const found = declared.find(
      ([id, { source }]) =>
        id === named ||
        (typeof path === "string" &&
          typeof source === "string" &&
          resolve(directory, path) === resolve(directory, source)),
    );
    return found === undefined || found[1] === component ? [] : [found[0]];
  });
}
