#!/usr/bin/env node
// Runs its arguments with the Node that npm installed for this project (see node-binary.js), so
// that scripts work whatever Node the machine has.
import { runWithProjectNode } from "./node-binary.js";

runWithProjectNode(process.argv.slice(2));
