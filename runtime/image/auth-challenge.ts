/** What a server wants to see (WWW-Authenticate, RFC 9110 section 11.6.1). */
export interface AuthChallenge {
  /** Lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const challengesMax = 16;

/** Parses a header with one or several challenges; what cannot be read is left out. */
export function parseChallenges(header: string): AuthChallenge[] {
  const challenges: AuthChallenge[] = [];
  // A scheme is a token that is followed by a space and a parameter, or stands alone.
  const token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
  const pattern = new RegExp(
    `\\s*(?:,\\s*)*(?:(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token.replace("[", "[/:")}))|(${token}))`,
    "y",
  );
  let parameters = new Map<string, string>();
  for (let match = pattern.exec(header); match !== null; match = pattern.exec(header)) {
    const [, name, quoted, plain, scheme] = match;
    if (scheme !== undefined) {
      if (challenges.length === challengesMax) break;
      parameters = new Map();
      challenges.push({ scheme: scheme.toLowerCase(), parameters });
    } else if (name !== undefined) {
      parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? plain ?? "");
    }
  }
  return challenges;
}
