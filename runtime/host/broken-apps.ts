interface Broken {
  readonly version: number;
  /** Undefined once somebody could load it after all. */
  readonly reason: string | undefined;
}

/** Versions of apps that could not be loaded, and why. */
export class BrokenApps {
  readonly #apps = new Map<string, Broken>();

  /** Each worker finds out by itself: returns whether nobody has told of this version before. */
  note(
    { name, version }: { readonly name: string; readonly version: number },
    why: string,
  ): boolean {
    const isNews = this.#apps.get(name)?.version !== version;
    this.#apps.set(name, { version, reason: why });
    return isNews;
  }

  loaded(name: string): void {
    const broken = this.#apps.get(name);
    if (broken !== undefined) this.#apps.set(name, { ...broken, reason: undefined });
  }

  forget(name: string): void {
    this.#apps.delete(name);
  }

  /** Why an app cannot be asked; undefined where it can, or nobody has tried. */
  reason({
    name,
    version,
  }: {
    readonly name: string;
    readonly version: number;
  }): string | undefined {
    const broken = this.#apps.get(name);
    return broken?.version === version ? broken.reason : undefined;
  }
}
