import type { ReadStream, WriteStream } from "node:tty";

/** A terminal that shows a screen and sends keys. Disposing leaves it as it was. */
export interface Terminal extends Disposable {
  readonly columns: number;
  readonly rows: number;
  /** Shows these lines, one below the other, instead of what was there. */
  show(lines: readonly string[]): void;
  /** Called for each key, as it is sent, and when the size has changed. */
  listen(listeners: { onKey(key: string): void; onResize(): void }): void;
}

const enter = "\u001b[?1049h\u001b[?25l";
const leave = "\u001b[?25h\u001b[?1049l";

/** Undefined where there is no terminal on both ends. */
export function openTerminal(stdin: ReadStream, stdout: WriteStream): Terminal | undefined {
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  const listening = new AbortController();
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdout.write(enter);
  return {
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
    // Each line is as wide as the screen: nothing of the last screen is left, nothing flickers.
    show: (lines) => void stdout.write(`\u001b[H${lines.join("\r\n")}`),
    listen: ({ onKey, onResize }) => {
      const key = (text: string): void => onKey(text);
      stdin.on("data", key);
      stdin.resume();
      stdout.on("resize", onResize);
      listening.signal.addEventListener("abort", () => {
        stdin.off("data", key);
        stdout.off("resize", onResize);
      });
    },
    [Symbol.dispose]: () => {
      listening.abort();
      stdin.setRawMode(false);
      stdin.pause();
      stdout.write(leave);
    },
  };
}
