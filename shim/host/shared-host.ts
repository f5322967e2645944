import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Engine, openEngine } from "../../runtime/trigger/engine.ts";
import { fairTurns } from "../../runtime/trigger/http/fair-turns.ts";
import { version } from "../version.ts";
import { shimLimits } from "../limits.ts";
import { mountRoot } from "./container-root.ts";
import { DescriptorChannel } from "./descriptor-channel.ts";
import type { GuestOutput } from "./guest-output.ts";
import { giveUpPrivileges } from "./give-up-privileges.ts";
import type { Kernel } from "./kernel.ts";
import {
  descriptorChannel,
  type HostReport,
  type SeatCommand,
  seatsFolder,
  sharedRoot,
  type SharedHostSpec,
} from "./protocol.ts";
import { ownFigures, ProcessUsage } from "./process-usage.ts";
import { Seat } from "./seat.ts";
import { SeatTable } from "./seat-table.ts";

/** What a shared host is given by its surroundings. */
export interface SharedHostDependencies {
  readonly kernel: Kernel;
  readonly codeFolder: string;
  output(fd: number): GuestOutput;
  report(report: HostReport): void;
}

/** Runs the guests of several pods, each container in a seat of its own. */
export class SharedHost {
  readonly #dependencies: SharedHostDependencies;
  readonly #descriptors: DescriptorChannel;
  readonly #engine: Engine;
  readonly #usage = new ProcessUsage(ownFigures);
  readonly #seats: SeatTable<Seat>;
  readonly #turns = fairTurns(shimLimits.sharedTurnMsMax);

  /** Gives up this process's privileges. Throws ShimError `internal` where that is not possible. */
  constructor(spec: SharedHostSpec, dependencies: SharedHostDependencies) {
    const { kernel } = dependencies;
    this.#dependencies = dependencies;
    confine(spec, dependencies);
    this.#descriptors = new DescriptorChannel(kernel, descriptorChannel);
    this.#engine = openEngine({
      cacheDirectory: undefined,
      version,
      // Meanwhile nobody else is served.
      limits: { cpuMsMax: shimLimits.sharedCpuMsMax },
      onWarning: () => undefined,
    });
    this.#seats = new SeatTable({
      open: this.#open.bind(this),
      drop: (message) => this.#descriptors.drop(message),
    });
    dependencies.report({ kind: "shared" });
  }

  /** Passes a command on to a seat, see {@link SeatTable}. */
  async handle(id: string, command: SeatCommand): Promise<void> {
    await this.#seats.handle(id, command);
  }

  #open(id: string, onEnd: () => void): Seat {
    const { kernel, output, report } = this.#dependencies;
    return new Seat({
      ...{ engine: this.#engine, descriptors: this.#descriptors, usage: this.#usage },
      ...{ kernel, output, onEnd },
      turns: { take: (begin) => this.#turns.take(id, begin) },
      report: (each) => report({ kind: "seat", seat: id, report: each }),
    });
  }
}

/** From here on this process sees its code, and what the front shows it below the seats' folder. */
function confine(
  { uid, gid }: SharedHostSpec,
  { kernel, codeFolder }: SharedHostDependencies,
): void {
  const root = {
    rootfsPath: sharedRoot,
    rootfs: [{ type: "tmpfs", source: "tmpfs", options: ["mode=0755"] }],
    imagePath: undefined,
    isRootReadOnly: false,
    mounts: [],
    terminationPath: "",
    uid,
    gid,
  };
  mountRoot(root, codeFolder, kernel);
  mkdirSync(join(sharedRoot, seatsFolder), { mode: 0o755 });
  kernel.changeRoot(sharedRoot);
  giveUpPrivileges({ uid, gid, groups: [] }, kernel);
}
