#!/usr/bin/env node
// The command users type: starts the program under Node 26, from the bundle where one was built
// (an installed package), else from the sources (a checkout).
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runWithProjectNode } from "./node-binary.js";

const bundle = fileURLToPath(new URL("../dist/whorl.js", import.meta.url));
const source = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
const main = existsSync(source) ? source : bundle;
const compileCache = new URL("compile-cache.js", import.meta.url).href;
const flags = ["--disable-warning=ExperimentalWarning", "--import", compileCache];
runWithProjectNode([...flags, main, ...process.argv.slice(2)]);
