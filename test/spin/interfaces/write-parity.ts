/** Writes docs/parity.md: `node bin/node.js test/spin/interfaces/write-parity.ts`. */
import { writeFileSync } from "node:fs";
import { parityTable } from "./parity-table.ts";

writeFileSync(new URL("../../../docs/parity.md", import.meta.url), parityTable());
