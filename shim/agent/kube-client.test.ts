import { expect, test } from "vitest";
import { watchedObject } from "./kube-client.ts";

const object = { metadata: { name: "whorl-agent" } };

test.each(["ADDED", "MODIFIED", "DELETED"])("watchedObject: an event %s has the object", (type) => {
  expect(watchedObject(JSON.stringify({ type, object }))).toEqual(object);
});

test.each([
  {
    name: "history that is lost",
    line: '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}',
    message: "ERROR too old",
  },
  { name: "a bookmark", line: '{"type":"BOOKMARK","object":{}}', message: "BOOKMARK undefined" },
  { name: "no event", line: "{}", message: "undefined undefined" },
  { name: "no JSON", line: "<html>", message: "JSON" },
])("watchedObject: $name is no object of the watch", ({ line, message }) => {
  expect(() => watchedObject(line)).toThrow(message);
});
