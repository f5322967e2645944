import { expect, test } from "vitest";
import { linkComponent } from "./link.ts";
import { encode } from "./test-wat.ts";

/** Two resource types that the component $c exports, and a component that wants only one. */
const twoTypes = `(instance $c1 (instantiate $c))
  (alias export $c1 "a" (type $a)) (alias export $c1 "b" (type $b))
  (component $same (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
  (instance (instantiate $same (with "a" (type $a)) (with "b" (type $b))))`;

const ascriptions: readonly { what: string; wat: string; message: string }[] = [
  {
    what: "method of what an export ascribed as a resource hides",
    wat: `(type $hidden (resource (rep i32)))
      (export $r "r" (type $hidden)) (export "a" (type $hidden) (type (sub resource)))
      (core func $drop (canon resource.drop $r))
      (func $use (param "self" (borrow $r)) (canon lift (core func $drop)))
      (export "[method]a.use" (func $use))`,
    message: 'does not take "self"',
  },
  {
    what: "resource that was ascribed to be another one",
    wat: `(component $c (type $r (resource (rep i32)))
        (export "a" (type $r)) (export "b" (type $r) (type (sub resource))))
      ${twoTypes}`,
    message: '"b" is another type than declared',
  },
  {
    what: "resource that is another one in an ascribed instance",
    wat: `(component $c
        (type $r (resource (rep i32))) (export "a" (type $r))
        (instance $i (export "r" (type $r)))
        (type $hidden (instance (export "r" (type (sub resource)))))
        (export $shown "i" (instance $i) (instance (type $hidden)))
        (alias export $shown "r" (type $b)) (export "b" (type $b)))
      ${twoTypes}`,
    message: '"b" is another type than declared',
  },
  {
    what: "representation of a resource by its ascribed type",
    wat: `(type $r (resource (rep i32))) (export $a "a" (type $r) (type (sub resource)))
      (core func (canon resource.rep $a))`,
    message: "opaque here",
  },
  {
    what: "function over a resource where one over its ascribed type is declared",
    wat: `(type $r (resource (rep i32))) (export $a "a" (type $r) (type (sub resource)))
      (core func $drop (canon resource.drop $r))
      (func $f (param "x" (own $r)) (canon lift (core func $drop)))
      (export "f" (func $f) (func (param "x" (own $a))))`,
    message: "another function type than declared",
  },
];

test.each(ascriptions)("$what is refused", async ({ wat, message }) => {
  const bytes = await encode(`(component ${wat})`);
  expect(() => linkComponent(bytes)).toThrow(
    expect.objectContaining({ code: "invalid", message: expect.stringContaining(message) }),
  );
});
