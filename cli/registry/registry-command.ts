import { resolve } from "node:path";
import { text as readText } from "node:stream/consumers";
import { Command, InvalidArgumentError, Option } from "commander";
import { WhorlError } from "../../runtime/error.ts";
import type { CommandDependencies } from "../command.ts";
import { exitCodes } from "../io.ts";
import { interruptible } from "./interruptible.ts";
import { addRegistryFlags } from "./registry-flags.ts";
import type { PushFormat } from "./registry-push.ts";
import type { RegistryFlags } from "./registry-session.ts";

interface OutputFlag {
  readonly output: "text" | "json";
}

interface PushFlags extends RegistryFlags, OutputFlag {
  readonly from?: string;
  readonly build?: true;
  readonly profile?: string;
  readonly annotation?: readonly (readonly [string, string])[];
  readonly format: PushFormat;
  readonly mountFrom?: string;
}

interface PullFlags extends RegistryFlags, OutputFlag {
  readonly to?: string;
}

interface LoginFlags extends RegistryFlags {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: true;
}

const examples = `
Examples:
  $ whorl registry login registry.example.com -u me --password-stdin < token
  $ whorl registry push registry.example.com/me/shop:1.0
  $ whorl registry push -f apps/shop --format container oci-archive:shop.tar:1.0
  $ whorl up -f registry.example.com/me/shop:1.0`;

/** `whorl registry push | pull | login | logout`. */
export function registryCommand(dependencies: CommandDependencies): Command {
  return new Command("registry")
    .description("push and pull apps as images of a registry")
    .addHelpText("after", examples)
    .addCommand(pushCommand(dependencies))
    .addCommand(pullCommand(dependencies))
    .addCommand(loginCommand(dependencies))
    .addCommand(logoutCommand(dependencies));
}

function outputOption(): Option {
  return new Option("--output <form>", "text for people, or one JSON object")
    .choices(["text", "json"])
    .default("text");
}

function pushCommand(dependencies: CommandDependencies): Command {
  return addRegistryFlags(new Command("push"))
    .description("make the image of an app and send it")
    .argument("<to>", "REGISTRY/REPOSITORY:TAG, oci:FOLDER[:TAG] or oci-archive:FILE[:TAG]")
    .option("-f, --from <app>", "manifest, directory, component or another image", ".")
    .option("--build", "build it first, with the commands of its manifest")
    .option("--profile <name>", "use the components' settings of this profile")
    .option("--annotation <name=value>", "repeatable", addAnnotation)
    .addOption(
      new Option("--format <format>", "Spin's artifact, or an image for containerd 1.6 and docker")
        .choices(["spin", "container"])
        .default("spin"),
    )
    .option("--mount-from <repository>", "of the same registry, that has the layers already")
    .addOption(outputOption())
    .action((to: string, flags: PushFlags) =>
      interruptible(dependencies, async (signal, io) => {
        const interrupted = { ...dependencies, io };
        if (flags.build === true && !(await buildFirst(flags, interrupted))) return;
        await push(to, flags, { ...interrupted, signal });
      }),
    );
}

/** Whether the build came to its end. What it prints leaves standard output to the push. */
async function buildFirst(
  flags: PushFlags,
  { io, environment, directory, finish }: CommandDependencies,
): Promise<boolean> {
  const [{ buildApp }, { findManifest }] = await Promise.all([
    import("../build/build-app.ts"),
    import("../../runtime/app/build-plan-file.ts"),
  ]);
  const manifest = await findManifest(resolve(directory, flags.from ?? "."));
  const { profile } = flags;
  const isDone = await buildApp(
    { manifest, profile, components: [], output: "text", environment },
    { ...io, stdout: io.stderr },
  );
  if (!isDone) finish(exitCodes.interrupted);
  return isDone;
}

async function push(
  to: string,
  flags: PushFlags,
  { io, environment, signal }: CommandDependencies & { readonly signal: AbortSignal },
): Promise<void> {
  const [{ registryPush }, { openRegistrySession }, { createTransferProgress }, loading] =
    await Promise.all([
      import("./registry-push.ts"),
      import("./registry-session.ts"),
      import("./registry-progress.ts"),
      import("../load-options.ts"),
    ]);
  await using session = await openRegistrySession(flags, environment);
  const { isTerminal } = io.stderr;
  const now = (): number => performance.now();
  using progress = createTransferProgress({ sink: io.stderr, isTerminal, now });
  const result = await registryPush(
    {
      to,
      from: flags.from ?? ".",
      format: flags.format,
      load: await loading.readLoadOptions(flags, environment),
      annotations: Object.fromEntries(flags.annotation ?? []),
      archives: environment["SPIN_OCI_ARCHIVE_LAYERS"] !== undefined,
      created: timeOf(environment["SOURCE_DATE_EPOCH"]),
      mountFrom: flags.mountFrom,
      onTransfer: progress.onTransfer,
      signal,
    },
    session,
  );
  progress[Symbol.dispose]();
  if (flags.output === "json") io.stdout.write(`${JSON.stringify(result)}\n`);
  else io.stdout.write(`Pushed with digest ${result.digest} (${progress.summary("sent")})\n`);
}

/** @throws WhorlError `usage` for anything but seconds since 1970. */
function timeOf(epoch: string | undefined): string | undefined {
  if (epoch === undefined) return undefined;
  const time = new Date(/^\d+$/.test(epoch) ? Number(epoch) * 1000 : Number.NaN);
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  const shown = JSON.stringify(epoch);
  throw new WhorlError("usage", `SOURCE_DATE_EPOCH is ${shown}; it has to be seconds since 1970`);
}

function pullCommand(dependencies: CommandDependencies): Command {
  return addRegistryFlags(new Command("pull"))
    .description("bring an app here, so that it can be run without the registry")
    .argument("<from>", "REGISTRY/REPOSITORY:TAG or @DIGEST")
    .option("--to <layout>", "also write oci:FOLDER[:TAG] or oci-archive:FILE[:TAG]")
    .addOption(outputOption())
    .action((from: string, flags: PullFlags) =>
      interruptible(dependencies, (signal) => pull(from, flags, { ...dependencies, signal })),
    );
}

async function pull(
  from: string,
  flags: PullFlags,
  { io, environment, signal }: CommandDependencies & { readonly signal: AbortSignal },
): Promise<void> {
  const [{ registryPull }, { openRegistrySession }, { createTransferProgress }] = await Promise.all(
    [
      import("./registry-pull.ts"),
      import("./registry-session.ts"),
      import("./registry-progress.ts"),
    ],
  );
  await using session = await openRegistrySession(flags, environment);
  const { isTerminal } = io.stderr;
  const now = (): number => performance.now();
  using progress = createTransferProgress({ sink: io.stderr, isTerminal, now });
  const { onTransfer } = progress;
  const result = await registryPull({ from, to: flags.to, onTransfer, signal }, session);
  progress[Symbol.dispose]();
  if (flags.output === "json") io.stdout.write(`${JSON.stringify(result)}\n`);
  else io.stdout.write(`Pulled ${result.digest} (${progress.summary("received")})\n`);
}

function loginCommand({ io, environment }: CommandDependencies): Command {
  return addRegistryFlags(new Command("login"))
    .description("keep name and password of a registry, as docker does")
    .argument("<server>", "host of the registry, such as registry.example.com")
    .option("-u, --username <name>", "user name")
    .option("-p, --password <password>", "visible to others on this machine: prefer standard input")
    .option("--password-stdin", "read the password from standard input")
    .action(async (server: string, flags: LoginFlags) => {
      const { registryLogin } = await import("./registry-login.ts");
      const password = await passwordOf(flags);
      const username = flags.username ?? "";
      const result = await registryLogin({ server, ...flags, username, password }, environment);
      io.stdout.write(`Logged in to ${result.server}\n`);
      if (!result.isPlain) return;
      io.stderr.write(
        `warning: the password stands readable in ${result.configPath}; a credential helper ` +
          `(credsStore in that file) would protect it\n`,
      );
    });
}

async function passwordOf({ password, passwordStdin }: LoginFlags): Promise<string> {
  if (passwordStdin === true) return (await readText(process.stdin)).replace(/\r?\n$/, "");
  if (password !== undefined) return password;
  throw new WhorlError("usage", "give the password: --password-stdin reads it");
}

function logoutCommand({ io, environment }: CommandDependencies): Command {
  return new Command("logout")
    .description("forget name and password of a registry")
    .argument("<server>", "host of the registry")
    .action(async (server: string) => {
      const { registryLogout } = await import("./registry-login.ts");
      const wasKnown = await registryLogout(server, environment);
      io.stdout.write(wasKnown ? `Logged out of ${server}\n` : `Not logged in to ${server}\n`);
    });
}

function addAnnotation(
  text: string,
  previous: readonly (readonly [string, string])[] = [],
): (readonly [string, string])[] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Write NAME=VALUE.");
  return [...previous, [text.slice(0, equals), text.slice(equals + 1)]];
}
