import type { Command } from "commander";
import type { CommandDependencies } from "./command.ts";
import type { StartApp } from "./up/up.ts";

/** A subcommand by name; what it needs is loaded when it runs. */
export interface CommandEntry {
  readonly name: string;
  /** One line for the list of commands. */
  readonly description: string;
  load(dependencies: CommandDependencies): Promise<Command>;
}

/** Every subcommand of `whorl`, in the order of its help. */
export function commandTable(startApp: StartApp): readonly CommandEntry[] {
  return [
    {
      name: "up",
      description: "serve an app: the components and routes of a spin.toml, or one component",
      load: async (dependencies) => {
        const { upCommand } = await import("./up/up-command.ts");
        return upCommand(dependencies, startApp);
      },
    },
    {
      name: "inspect",
      description: "tell what a component needs, offers and costs",
      load: async (dependencies) => {
        const { inspectCommand } = await import("./inspect/inspect-command.ts");
        return inspectCommand(dependencies);
      },
    },
    {
      name: "registry",
      description: "push and pull apps as images of a registry",
      load: async (dependencies) => {
        const { registryCommand } = await import("./registry/registry-command.ts");
        return registryCommand(dependencies);
      },
    },
    {
      name: "image",
      description: "look into an image",
      load: async (dependencies) => {
        const { imageCommand } = await import("./registry/image-command.ts");
        return imageCommand(dependencies);
      },
    },
    {
      name: "scaffold",
      description: "print the Kubernetes manifest of an app",
      load: async (dependencies) => {
        const { scaffoldCommand } = await import("./kube/scaffold-command.ts");
        return scaffoldCommand(dependencies);
      },
    },
    {
      name: "operator",
      description: "what the operator does, without a cluster",
      load: async (dependencies) => {
        const { operatorCommand } = await import("./operator/operator-command.ts");
        return operatorCommand(dependencies);
      },
    },
  ];
}
