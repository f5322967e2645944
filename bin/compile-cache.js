// Imported before the program: keeps what V8 has made of its files (types stripped, code compiled)
// for the next start, which is most of what a start takes. Where the folder cannot be
// made nothing is kept and nothing else changes.
// Without `import`: that would read, and by this load, each export of these modules.
const { accessSync, constants, mkdirSync } = process.getBuiltinModule("node:fs");
const { enableCompileCache } = process.getBuiltinModule("node:module");
const { homedir } = process.getBuiltinModule("node:os");
const { isAbsolute, join } = process.getBuiltinModule("node:path");

/** One level at a time: Node itself would try for ever below a folder like /proc. */
function isMade(folder) {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    return error.code === "EEXIST";
  }
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const { XDG_CACHE_HOME: wanted = "" } = process.env;
const caches = isAbsolute(wanted) ? wanted : join(homedir(), ".cache");
const own = join(caches, "whorl");
const code = join(own, "code");
if ([caches, own, code].every(isMade) && isWritable(code)) enableCompileCache(code);
