import { readFileSync, readdirSync } from "node:fs";
import { parse } from "@bytecodealliance/jco";
import { linkComponent } from "/work/main/runtime/component/link.ts";
function forms(s: string) { const out: string[] = []; let i = 0, d = 0, st = 0;
  while (i < s.length) { const c = s[i];
    if (c === ";" && s[i+1] === ";") { while (i < s.length && s[i] !== "\n") i++; continue; }
    if (c === "(" && s[i+1] === ";") { let n = 1; i += 2; while (n) { if (s.startsWith("(;", i)) { n++; i += 2; } else if (s.startsWith(";)", i)) { n--; i += 2; } else i++; } continue; }
    if (c === '"') { i++; while (s[i] !== '"') { if (s[i] === "\\") i++; i++; } i++; continue; }
    if (c === "(") { if (d === 0) st = i; d++; } if (c === ")") { d--; if (d === 0) out.push(s.slice(st, i+1)); }
    i++; } return out; }
function str(s: string): number[] { const out: number[] = []; const enc = new TextEncoder();
  for (const m of s.matchAll(/"((?:[^"\\]|\\[\s\S])*)"/g)) { const t = m[1]!; for (let i = 0; i < t.length; i++) { if (t[i] === "\\") { const e = t[i+1]!; const h = t.slice(i+1,i+3); if (/^[0-9a-fA-F]{2}$/.test(h)) { out.push(parseInt(h,16)); i += 2; } else { const map: any = {n:10,t:9,r:13,'"':34,"'":39,"\\":92}; out.push(map[e]); i++; } } else out.push(...enc.encode(t[i]!)); } }
  return out; }
const strip = (s: string) => s.replace(/;;.*$/gm, "");
async function bytes(form: string): Promise<Uint8Array<ArrayBuffer> | string> {
  const bin = /^\(\s*component\s+(definition\s+)?(\$[^\s()]+\s+)?binary\b/.exec(form);
  if (bin) return new Uint8Array(str(strip(form.slice(bin[0].length))));
  const q = /^\(\s*component\s+(definition\s+)?(\$[^\s()]+\s+)?quote\b/.exec(form);
  let text = form;
  if (q) text = "(component " + new TextDecoder().decode(new Uint8Array(str(form.slice(q[0].length)))) + ")";
  text = text.replace(/^\(\s*component\s+definition/, "(component");
  try { return new Uint8Array(await parse(text)) as Uint8Array<ArrayBuffer>; } catch (e) { return "PARSE " + String((e as any).payload ?? (e as any).message ?? e).split("\n")[0]; }
}
let ok = 0, bad = 0, skip = 0; const verbose = process.argv[2] === "-v";
for (const f of readdirSync("/tmp/wast").filter(f => process.argv.slice(3).length===0 || process.argv.slice(3).some(x => f.includes(x)))) {
  for (const form of forms(readFileSync("/tmp/wast/" + f, "utf8"))) {
    let want = "ok", inner = form, msg = "";
    const a = /^\(\s*assert_(invalid|malformed)\s*/.exec(form);
    if (a) { want = a[1]!; inner = forms(form.slice(a[0].length, -1).trim())[0]!; msg = form.slice(form.lastIndexOf('"', form.length-3)); const mm=/"((?:[^"\\]|\\.)*)"\s*\)$/.exec(form); msg = mm?.[1] ?? ""; }
    else if (/^\(\s*assert_(unlinkable|trap)\s*\(\s*component/.test(form)) { continue; }
    if (!/^\(\s*component\b/.test(inner) || /^\(\s*component\s+instance\b/.test(inner)) continue;
    const b = await bytes(inner);
    if (typeof b === "string") { skip++; if (verbose) console.log("SKIP", f, want, b.slice(0, 150)); continue; }
    let got = "ok", text = "";
    try { linkComponent(b); } catch (e) { got = (e as any).code ?? "CRASH"; text = (e as Error).message; if (got==="CRASH") text = (e as Error).stack!; }
    const good = want === "ok" ? got === "ok" : got !== "ok" && got !== "CRASH";
    if (good) ok++; else { bad++; console.log(`BAD ${f} want ${want} (${msg}) got ${got}: ${text}\n   ${inner.replace(/\s+/g, " ").slice(0, 400)}`); }
  }
}
console.log({ ok, bad, skip });
