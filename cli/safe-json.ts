/**
 * One line of JSON for programs, which a terminal shows and does not obey: JSON itself leaves some
 * characters as they are that terminals and editors act on.
 */
export function safeJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
