import { WhorlError } from "../error.ts";
import type { Position } from "./toml-document.ts";

/** What kind of mistake one line of a manifest's error is. */
export type ProblemCode = "manifest" | "unsupported" | "file";

interface Problem {
  readonly code: ProblemCode;
  readonly position: Position;
  readonly message: string;
}

const codesBySeverity: readonly ProblemCode[] = ["manifest", "unsupported", "file"];

/** Collects what is wrong with a manifest, so that a person sees all of it at once. */
export class ManifestProblems {
  /** Name of the manifest in messages. */
  readonly fileName: string;
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];

  constructor(fileName: string) {
    this.fileName = fileName;
  }

  /** Records a mistake; `position` is where to look first. */
  add(code: ProblemCode, position: Position, message: string): void {
    this.#problems.push({ code, position, message });
  }

  /** Records something suspicious that does not stop the app. */
  warn(position: Position, message: string): void {
    this.#warnings.push({ code: "manifest", position, message });
  }

  /** Mistakes so far. */
  get count(): number {
    return this.#problems.length;
  }

  /** Warnings as text in the order of the file. */
  get warnings(): readonly string[] {
    return this.#lines(this.#warnings);
  }

  /**
   * @throws WhorlError with one line per problem in the order of the file, if there is one. Its
   * code is `manifest` if any problem is a mistake of the manifest, else `unsupported`, else
   * `file`.
   */
  throwIfAny(): void {
    const code = codesBySeverity.find((each) =>
      this.#problems.some((problem) => problem.code === each),
    );
    if (code === undefined) return;
    throw new WhorlError(code, this.#lines(this.#problems).join("\n"));
  }

  #lines(problems: readonly Problem[]): string[] {
    const lines = problems
      .toSorted((a, b) => comparePositions(a.position, b.position))
      .map(({ position, message }) => `${this.at(position)}: ${message}`);
    return [...new Set(lines)];
  }

  /** `spin.toml:12:3` */
  at(position: Position): string {
    return `${this.fileName}:${position.line}:${position.column}`;
  }
}

function comparePositions(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column;
}
