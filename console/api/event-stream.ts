/** One event of a `text/event-stream`. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** A stream whose event does not end is not ours. */
const eventCharsMax = 32 * 1024 * 1024;

/**
 * Cuts text into events as the HTML standard (section 9.2.6) says: fields `event` and `data`,
 * comments and other fields left out. An incomplete tail is kept for the next call. Throws where an
 * event gets longer than any of ours.
 */
export class EventStreamDecoder {
  #rest = "";

  push(text: string): StreamEvent[] {
    this.#rest += text;
    const events: StreamEvent[] = [];
    let from = 0;
    for (let end = this.#end(from); end !== undefined; end = this.#end(from)) {
      const event = parseEvent(this.#rest.slice(from, end.at));
      if (event !== undefined) events.push(event);
      from = end.next;
    }
    this.#rest = this.#rest.slice(from);
    if (this.#rest.length > eventCharsMax) throw new Error("an event of the server has no end");
    return events;
  }

  /** An empty line ends an event. */
  #end(from: number): { readonly at: number; readonly next: number } | undefined {
    const found = /\r\n\r\n|\n\n/g;
    found.lastIndex = from;
    const match = found.exec(this.#rest);
    return match === null ? undefined : { at: match.index, next: match.index + match[0].length };
  }
}

function parseEvent(block: string): StreamEvent | undefined {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") event = value;
    if (name === "data") data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join("\n") };
}
