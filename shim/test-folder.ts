import { mkdirSync, mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** For tests: a folder with these files that is gone when it is disposed. */
export class TestFolder implements Disposable {
  readonly #directory = mkdtempDisposableSync(join(tmpdir(), "whorl-shim-"));

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.file(name)), { recursive: true });
      writeFileSync(this.file(name), content);
    }
  }

  get path(): string {
    return this.#directory.path;
  }

  /** Path of one of the files. */
  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    this.#directory.remove();
  }
}
