import { describe, expect, test } from "vitest";
import { GuestResource, HandleTable } from "./handle-table.ts";

describe("HandleTable", () => {
  test("indices start at 1 and the last one freed is reused first", () => {
    const table = new HandleTable();
    const handles = ["a", "b", "c"].map((value) => table.addOwn(0, value));
    expect(handles).toEqual([1, 2, 3]);
    table.drop(1, 0);
    table.drop(3, 0);
    expect([table.addOwn(0, "d"), table.addOwn(0, "e"), table.addOwn(0, "f")]).toEqual([3, 1, 4]);
  });

  test.each([
    { name: "index 0", run: (table: HandleTable) => table.get(0, 0), says: "unknown handle" },
    {
      name: "an unused index",
      run: (table: HandleTable) => table.get(9, 0),
      says: "unknown handle",
    },
    {
      name: "another resource type",
      run: (table: HandleTable) => table.get(1, 1),
      says: "another",
    },
    {
      name: "taking a borrow as own",
      run: (table: HandleTable) => table.takeOwn(2, 0),
      says: "is a borrow",
    },
    {
      name: "dropping twice",
      run: (table: HandleTable) => {
        table.drop(1, 0);
        table.drop(1, 0);
      },
      says: "unknown handle",
    },
  ])("$name traps", ({ run, says }) => {
    const table = new HandleTable();
    table.addOwn(0, "own");
    table.addBorrow(0, "borrowed", { borrows: 0 });
    expect(() => run(table)).toThrow(says);
  });

  test("a borrow is counted in its scope until it is dropped", () => {
    const table = new HandleTable();
    const scope = { borrows: 0 };
    const handle = table.addBorrow(0, "x", scope);
    expect(scope.borrows).toBe(1);
    table.drop(handle, 0);
    expect(scope.borrows).toBe(0);
  });

  test("drain yields what is left and leaves nothing", () => {
    const table = new HandleTable();
    table.addOwn(0, "own");
    table.drop(table.addOwn(0, "dropped"), 0);
    expect(table.drain()).toEqual([
      { resource: 0, representation: "own", scope: undefined, lends: 0 },
    ]);
    expect(() => table.get(1, 0)).toThrow("unknown handle");
  });

  test.each([
    { name: "taken", run: (table: HandleTable) => table.takeOwn(1, 0) },
    { name: "dropped", run: (table: HandleTable) => table.drop(1, 0) },
  ])("what is lent cannot be $name", ({ run }) => {
    const table = new HandleTable();
    table.addOwn(0, "lent");
    table.get(1, 0).lends++;
    expect(() => run(table)).toThrow("while borrowed");
  });

  test("GuestResource keeps type and representation", () => {
    expect(new GuestResource(3, 7)).toMatchObject({ resource: 3, representation: 7 });
  });
});
