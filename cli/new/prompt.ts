import type { ReadStream, WriteStream } from "node:tty";

/** Asks a person. */
export interface Prompt {
  /** An answer; the default where it is empty. */
  text(question: string, fallback: string): Promise<string>;
  /** One of the choices, by its number or name. */
  choice(question: string, choices: readonly PromptChoice[]): Promise<string>;
  /** Whether the answer is yes; no where it is empty. */
  confirm(question: string): Promise<boolean>;
}

export interface PromptChoice {
  readonly name: string;
  readonly description: string;
}

/** Reads one line: the answer to a question. */
export type AskLine = (question: string) => Promise<string>;

/** A prompt on a terminal; undefined where input or output is none, so that nobody can answer. */
export function terminalPrompt(input: ReadStream, output: WriteStream): Prompt | undefined {
  if (!input.isTTY || !output.isTTY) return undefined;
  return createPrompt(async (question) => {
    const { createInterface } = await import("node:readline/promises");
    const lines = createInterface({ input, output });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  });
}

/** A prompt over anything that answers lines. */
export function createPrompt(ask: AskLine): Prompt {
  return {
    text: async (question, fallback) => {
      const shown = fallback === "" ? question : `${question} [${fallback}]`;
      const answer = (await ask(`${shown}: `)).trim();
      return answer === "" ? fallback : answer;
    },
    choice: async (question, choices) => {
      const width = Math.max(...choices.map(({ name }) => name.length));
      const lines = choices.map(
        ({ name, description }, index) =>
          `  ${String(index + 1).padStart(2)}  ${name.padEnd(width)}  ${description}\n`,
      );
      let text = `${question}:\n${lines.join("")}Number or name: `;
      for (;;) {
        const answer = (await ask(text)).trim();
        const chosen = choices[Number(answer) - 1]?.name ?? answer;
        if (choices.some(({ name }) => name === chosen)) return chosen;
        text = "Number or name of the list: ";
      }
    },
    confirm: async (question) => /^y(es)?$/i.test((await ask(question)).trim()),
  };
}
