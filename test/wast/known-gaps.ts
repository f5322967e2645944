/**
 * Commands of the reference tests that do not pass, each with its reason. `text` is what the
 * command says about itself, or the line where it says nothing.
 */
export interface KnownGap {
  readonly script: string;
  readonly text: string;
  readonly reason: string;
}

export const knownGaps: readonly KnownGap[] = [
  {
    script: "validation-resources",
    text: "resource types are not the same",
    reason: "an export ascribed (sub resource) stays equal to the type that it was made from",
  },
  {
    script: "validation-annotated-names",
    text: "resource used in function does not have a name in this context",
    reason: "annotated names are not checked in instances made of exports",
  },
];

export function gapOf(script: string, text: string | undefined): KnownGap | undefined {
  return knownGaps.find((gap) => gap.script === script && gap.text === text);
}
