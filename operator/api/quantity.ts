const scale: Readonly<Record<string, readonly [bigint, bigint]>> = {
  n: [1n, 1_000_000_000n],
  u: [1n, 1_000_000n],
  m: [1n, 1000n],
  "": [1n, 1n],
  k: [1000n, 1n],
  M: [1000n ** 2n, 1n],
  G: [1000n ** 3n, 1n],
  T: [1000n ** 4n, 1n],
  P: [1000n ** 5n, 1n],
  E: [1000n ** 6n, 1n],
  Ki: [1024n, 1n],
  Mi: [1024n ** 2n, 1n],
  Gi: [1024n ** 3n, 1n],
  Ti: [1024n ** 4n, 1n],
  Pi: [1024n ** 5n, 1n],
  Ei: [1024n ** 6n, 1n],
};

const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i|[numkMGTPE]?)|[eE]([+-]?\d{1,3}))$/u;
const lengthMax = 64;
const nano = 1_000_000_000n;

/**
 * A Kubernetes quantity in billionths, rounded up as the API server does; undefined where it is
 * none. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity(text: string | number): bigint | undefined {
  const source = String(text);
  if (source.length > lengthMax) return undefined;
  const match = form.exec(source);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", suffix = "", exponent] = match;
  if (whole === "" && fraction === "") return undefined;
  const [up, down] =
    exponent === undefined ? (scale[suffix] ?? [1n, 1n]) : powerOfTen(Number(exponent));
  const numerator = BigInt(whole + fraction) * up * nano;
  const denominator = 10n ** BigInt(fraction.length) * down;
  const rounded = (numerator + denominator - 1n) / denominator;
  return sign === "-" ? -rounded : rounded;
}

/** A quantity in whole units, rounded up: the bytes of `40M`. Undefined where it is none. */
export function quantityUnits(text: string | number): bigint | undefined {
  const parsed = parseQuantity(text);
  if (parsed === undefined) return undefined;
  return parsed > 0n ? (parsed + nano - 1n) / nano : parsed / nano;
}

function powerOfTen(exponent: number): readonly [bigint, bigint] {
  const power = 10n ** BigInt(Math.abs(exponent));
  return exponent < 0 ? [1n, power] : [power, 1n];
}
