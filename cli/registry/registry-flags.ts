import type { Command } from "commander";

/** What all commands that talk to a registry take. */
export function addRegistryFlags(command: Command): Command {
  return command
    .option("-k, --insecure", "accept any certificate, and plain HTTP where there is no TLS")
    .option("--ca-file <file>", "authorities to trust beside the known ones, PEM")
    .option("--cache-dir <directory>", "where images are kept");
}
