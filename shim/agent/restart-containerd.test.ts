import { expect, test } from "vitest";
import { ShimError } from "../error.ts";
import { distributionNamed } from "./distribution.ts";
import { containerdRestart } from "./restart-containerd.ts";

/** A node whose programs answer by their command line; what is not in the table fails. */
function node(answers: Readonly<Record<string, string>>): {
  readonly ran: string[];
  readonly commands: { run(program: string, ...args: readonly string[]): Promise<string> };
} {
  const ran: string[] = [];
  const run = async (program: string, ...args: readonly string[]): Promise<string> => {
    const line = [program, ...args].join(" ");
    ran.push(line);
    const answer = answers[line];
    if (answer === undefined) throw new ShimError("failed_precondition", `${program}: not found`);
    return await Promise.resolve(answer);
  };
  return { ran, commands: { run } };
}

const k3s = distributionNamed("k3s");
const show = (unit: string): string => `systemctl show --property=ActiveState --value ${unit}`;

test("the first unit of the distribution that runs is started again", async () => {
  const [server = "", agent = ""] = k3s.units;
  const { commands, ran } = node({
    [show(server)]: "inactive\n",
    [show(agent)]: "active\n",
    [`systemctl restart ${agent}`]: "",
  });
  await containerdRestart(commands, undefined)(k3s);
  expect(ran.at(-1)).toBe(`systemctl restart ${agent}`);
});

test("what the command line says comes first", async () => {
  const { commands, ran } = node({ "/bin/sh -c kill 1": "" });
  await containerdRestart(commands, "kill 1")(k3s);
  expect(ran).toEqual(["/bin/sh -c kill 1"]);
});

test.each([
  ["no systemd", {}],
  ["none of the units", Object.fromEntries(k3s.units.map((unit) => [show(unit), "inactive\n"]))],
])("%s: it says what to do", async (_name, answers) => {
  const restart = containerdRestart(node(answers).commands, undefined);
  await expect(restart(k3s)).rejects.toThrow(
    `no systemd with ${k3s.units.join(" or ")}; say how it is done (--restart-command)`,
  );
});
