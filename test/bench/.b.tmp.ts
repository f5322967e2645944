import { readFileSync } from "node:fs";
import { linkComponent } from "../../runtime/component/link.ts";
import { readModuleFacts } from "../../runtime/prepare/module-facts.ts";
import { makeInterruptible } from "../../runtime/prepare/interruptible-module.ts";
import { proveReset } from "../../runtime/prepare/reset-proof.ts";
import { writeCoreSections } from "../../runtime/prepare/core-sections.ts";
for (const f of process.argv.slice(2)) {
  const plan = linkComponent(new Uint8Array(readFileSync(f)));
  console.log(f);
  const t0=performance.now(); proveReset(plan); const tp=performance.now()-t0;
  for (const m of plan.modules) {
    const t=performance.now(); const facts = readModuleFacts(m); const t1=performance.now();
    const r = makeInterruptible(facts, facts.sections); const out = writeCoreSections(r.sections);
    const t2=performance.now();
    let ok:any=true; try{ new WebAssembly.Module(out);}catch(e:any){ok=e.message}
    console.log(m.length, out.length, JSON.stringify(r.host), ok, (t1-t).toFixed(1),(t2-t1).toFixed(1), facts.bodies.length);
  }
  console.log("prove", tp.toFixed(1));
}
