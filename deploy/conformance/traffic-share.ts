/** So many standard deviations off, a share is no accident (one in 15,000). */
const deviationsMax = 4;

/**
 * Whether `hits` of `total` requests fit an expected share, if each was sent by lot. Gateways that
 * count instead of drawing lots are closer.
 */
export function fitsShare(hits: number, total: number, expected: number): boolean {
  if (total === 0) return false;
  const deviation = Math.sqrt((expected * (1 - expected)) / total);
  return Math.abs(hits / total - expected) <= deviationsMax * deviation;
}
