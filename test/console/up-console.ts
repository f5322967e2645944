import { WhorlProcess } from "../whorl-process.ts";

/** `whorl up --console`, and the address of its console with the token in it. */
export interface UpConsole extends AsyncDisposable {
  readonly whorl: WhorlProcess;
  readonly address: string;
}

/** Starts it on free ports. */
export async function upConsole(app: string, args: readonly string[] = []): Promise<UpConsole> {
  const whorl = await WhorlProcess.up(app, ["--console", "127.0.0.1:0", ...args]);
  const line = await whorl.output("stdout", /Console: +\S+#token=\S+/);
  return {
    whorl,
    address: line.replace(/^Console: +/, ""),
    [Symbol.asyncDispose]: () => whorl[Symbol.asyncDispose](),
  };
}
