const headerBytes = 5;

/**
 * Checks that the texts in a message end inside it, because pg's parser looks for their end without
 * a bound. Throws where they do not.
 */
export function checkMessage(message: Buffer): void {
  switch (String.fromCharCode(message[0] ?? 0)) {
    case "E":
    case "N":
      return checkFields(message);
    case "A":
      endOfText(message, endOfText(message, headerBytes + 4));
      return;
    case "S":
      endOfText(message, endOfText(message, headerBytes));
      return;
    case "C":
      endOfText(message, headerBytes);
      return;
    case "R":
      return checkAuthentication(message);
    case "T":
      return checkColumns(message);
    default:
  }
}

/** Pairs of a letter and a text; a null ends them. */
function checkFields(message: Buffer): void {
  let at = headerBytes;
  while (byteAt(message, at) !== 0) at = endOfText(message, at + 1);
}

/** AuthenticationSASL has a list of texts; an empty one ends it. */
function checkAuthentication(message: Buffer): void {
  if (message.readInt32BE(headerBytes) !== 10) return;
  let at = headerBytes + 4;
  while (byteAt(message, at) !== 0) at = endOfText(message, at);
}

function checkColumns(message: Buffer): void {
  let at = headerBytes + 2;
  for (let left = message.readUInt16BE(headerBytes); left > 0; left--) {
    at = endOfText(message, at) + 18;
  }
  if (at > message.length) throw new Error("the server sent a broken message");
}

function endOfText(message: Buffer, at: number): number {
  const end = message.indexOf(0, at);
  if (end === -1 || at >= message.length) throw new Error("the server sent a broken message");
  return end + 1;
}

function byteAt(message: Buffer, at: number): number {
  const byte = message[at];
  if (byte === undefined) throw new Error("the server sent a broken message");
  return byte;
}
