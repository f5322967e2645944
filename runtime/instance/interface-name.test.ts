import { describe, expect, test } from "vitest";
import { interfaceKey, parseInterfaceName } from "./interface-name.ts";

describe("interfaceKey", () => {
  test.each([
    { imported: "wasi:io/streams@0.2.0", offered: "wasi:io/streams@0.2.12", same: true },
    { imported: "wasi:io/streams@0.2.12", offered: "wasi:io/streams@0.2.3", same: true },
    { imported: "wasi:io/streams@0.3.0", offered: "wasi:io/streams@0.2.0", same: false },
    { imported: "spin:sqlite/sqlite@3.0.0", offered: "spin:sqlite/sqlite@3.1.0", same: true },
    { imported: "a:b/c@1.0.0", offered: "a:b/c@1.9.9", same: true },
    { imported: "a:b/c@1.0.0", offered: "a:b/c@2.0.0", same: false },
    { imported: "a:b/c@0.0.1", offered: "a:b/c@0.0.2", same: false },
    { imported: "a:b/c@1.0.0+build", offered: "a:b/c@1.2.0", same: true },
    {
      imported: "wasi:http/types@0.2.0-rc-2023-10-18",
      offered: "wasi:http/types@0.2.0",
      same: false,
    },
    {
      imported: "wasi:http/types@0.2.0-rc-2023-10-18",
      offered: "wasi:http/types@0.2.0-rc-2023-10-18",
      same: true,
    },
    { imported: "fermyon:spin/http", offered: "fermyon:spin/http", same: true },
    { imported: "fermyon:spin/http", offered: "fermyon:spin/http@2.0.0", same: false },
    { imported: "wasi:io/poll@0.2.0", offered: "wasi:io/streams@0.2.0", same: false },
  ])("$imported served by $offered: $same", ({ imported, offered, same }) => {
    const key = (name: string): string => interfaceKey(parseInterfaceName(name));
    expect(key(imported) === key(offered)).toBe(same);
  });
});
