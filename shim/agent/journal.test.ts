import { expect, test } from "vitest";
import {
  type Backup,
  emptyJournal,
  formatJournal,
  type Journal,
  parseJournal,
  withBackups,
  withRestart,
} from "./journal.ts";

const backup = (path: string, copy: string, writtenSha256: string): Backup => {
  return { path, copy, writtenSha256 };
};

const journals: readonly Journal[] = [
  emptyJournal,
  withBackups(emptyJournal, [
    backup("/a", "/b", "1"),
    { path: "/c", copy: undefined, writtenSha256: "2" },
  ]),
  {
    change: { kind: "changing", backups: [], restarts: 2 },
    previous: "1.0.0",
    failure: { fingerprint: "f", message: 'says "no"\n', atMs: 1 },
  },
];

test.each(journals)("reads what was written: %o", (journal) => {
  expect(parseJournal(formatJournal(journal))).toEqual(journal);
});

test("no file: nothing has been done", () => {
  expect(parseJournal(undefined)).toEqual(emptyJournal);
});

test.each([
  ["", "not JSON"],
  ["{", "not JSON"],
  ["null", "another version"],
  ["[]", "another version"],
  ['{"format":2,"change":{"kind":"settled"}}', "another version"],
  ['{"format":1}', "another version"],
  ['{"format":1,"change":{"kind":"changing"}}', "another version"],
  ['{"format":1,"change":{"kind":"changing","backups":[],"restarts":"2"}}', "another version"],
  ['{"format":1,"change":{"kind":"other"}}', "another version"],
])("refuses %j", (text, message) => {
  expect(() => parseJournal(text)).toThrow(message);
});

test("what a file was like first is what counts, and a change begins its restarts anew", () => {
  const once = withRestart(withBackups(emptyJournal, [backup("/a", "/first", "1")]));
  const twice = withBackups(once, [backup("/a", "/second", "2"), backup("/b", "/third", "3")]);
  expect(twice.change).toEqual({
    kind: "changing",
    backups: [backup("/a", "/first", "2"), backup("/b", "/third", "3")],
    restarts: 0,
  });
  expect(withRestart(withRestart(twice)).change).toMatchObject({ restarts: 2 });
  expect(withRestart(emptyJournal).change).toEqual({ kind: "changing", backups: [], restarts: 1 });
});
