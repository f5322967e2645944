import type { Command } from "commander";
import type { CommandDependencies } from "./command.ts";
import type { Prompt } from "./new/prompt.ts";
import type { StartApp } from "./up/up.ts";

/** A subcommand by name; what it needs is loaded when it runs. */
export interface CommandEntry {
  readonly name: string;
  /** One line for the list of commands. */
  readonly description: string;
  load(dependencies: CommandDependencies): Promise<Command>;
}

/** What some commands need beside their dependencies. */
export interface CommandParts {
  readonly startApp: StartApp;
  /** Undefined where nobody can answer. */
  readonly prompt: Prompt | undefined;
}

/** Every subcommand of `whorl`, in the order of its help. */
export function commandTable(parts: CommandParts): readonly CommandEntry[] {
  return [
    ...developing(parts),
    ...running(parts),
    ...images(),
    ...deploying(),
    ...looking(parts),
    ...machine(),
  ];
}

function developing({ prompt }: CommandParts): readonly CommandEntry[] {
  return [
    {
      name: "new",
      description: "make a new app",
      load: async (dependencies) => {
        const { newCommand } = await import("./new/new-command.ts");
        return newCommand(dependencies, prompt);
      },
    },
    {
      name: "add",
      description: "add a component to an app",
      load: async (dependencies) => {
        const { addCommand } = await import("./add/add-command.ts");
        return addCommand(dependencies, prompt);
      },
    },
    {
      name: "build",
      description: "run the build commands of an app",
      load: async (dependencies) => {
        const { buildCommand } = await import("./build/build-command.ts");
        return buildCommand(dependencies);
      },
    },
  ];
}

function running({ startApp }: CommandParts): readonly CommandEntry[] {
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
      name: "watch",
      description: "build and serve an app, again after each change",
      load: async (dependencies) => {
        const { watchCommand } = await import("./watch/watch-command.ts");
        return watchCommand(dependencies, startApp);
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
  ];
}

function images(): readonly CommandEntry[] {
  return [
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
  ];
}

function deploying(): readonly CommandEntry[] {
  return [
    {
      name: "scaffold",
      description: "print the Kubernetes manifest of an app",
      load: async (dependencies) => {
        const { scaffoldCommand } = await import("./kube/scaffold-command.ts");
        return scaffoldCommand(dependencies);
      },
    },
    {
      name: "deploy",
      description: "run an app of a registry in a cluster",
      load: async (dependencies) => {
        const { deployCommand } = await import("./kube/deploy-command.ts");
        return deployCommand(dependencies);
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

function looking({ prompt }: CommandParts): readonly CommandEntry[] {
  return [
    {
      name: "top",
      description: "show live what running apps do: requests, latency, errors, memory",
      load: async (dependencies) => {
        const { topCommand } = await import("./top/top-command.ts");
        return topCommand(dependencies);
      },
    },
    {
      name: "tail",
      description: "show the requests of a running app as they are answered",
      load: async (dependencies) => {
        const { tailCommand } = await import("./tail/tail-command.ts");
        return tailCommand(dependencies);
      },
    },
    {
      name: "list",
      description: "list the apps of a cluster",
      load: async (dependencies) => {
        const { listCommand } = await import("./kube/app-commands.ts");
        return listCommand(dependencies);
      },
    },
    {
      name: "get",
      description: "show one app of a cluster",
      load: async (dependencies) => {
        const { getCommand } = await import("./kube/app-commands.ts");
        return getCommand(dependencies);
      },
    },
    {
      name: "delete",
      description: "take an app out of a cluster",
      load: async (dependencies) => {
        const { deleteCommand } = await import("./kube/app-commands.ts");
        return deleteCommand(dependencies, prompt);
      },
    },
    {
      name: "logs",
      description: "show what an app in a cluster printed",
      load: async (dependencies) => {
        const { logsCommand } = await import("./kube/pod-commands.ts");
        return logsCommand(dependencies);
      },
    },
    {
      name: "connect",
      description: "reach an app in a cluster from this machine",
      load: async (dependencies) => {
        const { connectCommand } = await import("./kube/pod-commands.ts");
        return connectCommand(dependencies);
      },
    },
  ];
}

function machine(): readonly CommandEntry[] {
  return [
    {
      name: "doctor",
      description: "check this machine, and say what to do about it",
      load: async (dependencies) => {
        const { doctorCommand } = await import("./doctor/doctor-command.ts");
        return doctorCommand(dependencies);
      },
    },
    {
      name: "completion",
      description: "print the completion of a shell",
      load: async (dependencies) => {
        const { completionCommand } = await import("./completion/completion-command.ts");
        return completionCommand(dependencies);
      },
    },
  ];
}
