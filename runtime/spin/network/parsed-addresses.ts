import { limits } from "../../limits.ts";

/**
 * What the addresses of guests mean, remembered: a guest opens the same few again and again, and
 * reading one costs as much as sending a statement there.
 */
export class ParsedAddresses<A> {
  readonly #parse: (text: string) => A;
  readonly #known = new Map<string, A>();

  constructor(parse: (text: string) => A) {
    this.#parse = parse;
  }

  /** What the parser gives or throws; neither undefined nor an error is remembered. */
  get(text: string): A {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const parsed = this.#parse(text);
    if (parsed === undefined || text.length > limits.rememberedAddressCharsMax) return parsed;
    // Guests that make up addresses: those that are used come back by themselves.
    if (this.#known.size >= limits.serverAddressesMax) this.#known.clear();
    this.#known.set(text, parsed);
    return parsed;
  }
}
