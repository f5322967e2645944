const digitsPerGroup = 4;
/** numeric.c of PostgreSQL: NUMERIC_NEG, NUMERIC_NAN, NUMERIC_PINF, NUMERIC_NINF. */
const negative = 0x4000;
const notANumber = 0xc000;
const infinity = 0xd000;
const minusInfinity = 0xf000;

/**
 * Text of a numeric in binary format: groups of four decimal digits, weight of the first, sign, and
 * how many digits show after the point. Throws where the bytes are none.
 */
export function numericText(bytes: Buffer): string {
  const count = bytes.readUInt16BE(0);
  const weight = bytes.readInt16BE(2);
  const sign = bytes.readUInt16BE(4);
  const scale = bytes.readUInt16BE(6);
  if (bytes.length !== 8 + 2 * count) throw new Error("a numeric of the wrong size");
  if (sign === notANumber) return "NaN";
  if (sign === infinity) return "Infinity";
  if (sign === minusInfinity) return "-Infinity";
  const group = (index: number): string =>
    String(index >= 0 && index < count ? bytes.readUInt16BE(8 + 2 * index) : 0).padStart(
      digitsPerGroup,
      "0",
    );
  let whole = "";
  for (let index = 0; index <= weight; index++) whole += group(index);
  let fraction = "";
  for (let index = weight + 1; fraction.length < scale; index++) fraction += group(index);
  const digits = whole.replace(/^0+/, "") || "0";
  const shown = scale === 0 ? digits : `${digits}.${fraction.slice(0, scale)}`;
  return sign === negative ? `-${shown}` : shown;
}
