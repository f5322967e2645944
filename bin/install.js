// Installs the locked packages when this checkout has none yet or the lock file has changed since,
// so that one command is enough after a clone.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function modifiedMs(file) {
  try {
    return statSync(`${root}/${file}`).mtimeMs;
  } catch {
    return 0;
  }
}

if (modifiedMs("node_modules/.package-lock.json") < modifiedMs("package-lock.json")) {
  process.stderr.write("Installing packages (npm ci), once ...\n");
  const result = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "inherit",
  });
  process.exit(result.status ?? 1);
}
