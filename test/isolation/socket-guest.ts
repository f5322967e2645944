import { plantAndLookExports } from "../../runtime/instance/test-guest.ts";

const errorCodes = [
  ...["unknown", "access-denied", "not-supported", "invalid-argument", "out-of-memory", "timeout"],
  ...["concurrency-conflict", "not-in-progress", "would-block", "invalid-state"],
  ...["new-socket-limit", "address-not-bindable", "address-in-use", "remote-unreachable"],
  ...["connection-refused", "connection-reset", "connection-aborted", "datagram-too-large"],
  ...["name-unresolvable", "temporary-resolver-failure", "permanent-resolver-failure"],
];

const words = (count: number, type: string): string => Array(count).fill(type).join(" ");

/**
 * `plant(port)` begins to connect to 127.0.0.1 and lets go of nothing; `look` makes a socket and
 * tells which handle it got.
 */
export const socketGuest = `(component
  (import "wasi:sockets/network@0.2.0" (instance $network
    (export "network" (type (sub resource)))
    (type $code (enum ${errorCodes.map((code) => `"${code}"`).join(" ")}))
    (export "error-code" (type $error (eq $code)))
    (type $families (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $families)))
    (type $four (tuple ${words(4, "u8")}))
    (type $six (tuple ${words(8, "u16")}))
    (type $socket-four (record (field "port" u16) (field "address" $four)))
    (export "ipv4-socket-address" (type $ipv4 (eq $socket-four)))
    (type $socket-six (record (field "port" u16) (field "flow-info" u32) (field "address" $six)
      (field "scope-id" u32)))
    (export "ipv6-socket-address" (type $ipv6 (eq $socket-six)))
    (type $socket (variant (case "ipv4" $ipv4) (case "ipv6" $ipv6)))
    (export "ip-socket-address" (type (eq $socket)))))
  (alias export $network "network" (type $Network))
  (alias export $network "error-code" (type $Error))
  (alias export $network "ip-address-family" (type $Family))
  (alias export $network "ip-socket-address" (type $Address))
  (import "wasi:sockets/instance-network@0.2.0" (instance $instance-network
    (export "network" (type $network (eq $Network)))
    (export "instance-network" (func (result (own $network))))))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp
    (export "tcp-socket" (type $socket (sub resource)))
    (export "network" (type $network (eq $Network)))
    (export "error-code" (type $error (eq $Error)))
    (export "ip-socket-address" (type $address (eq $Address)))
    (export "[method]tcp-socket.start-connect" (func (param "self" (borrow $socket))
      (param "network" (borrow $network)) (param "remote-address" $address)
      (result (result (error $error)))))))
  (alias export $tcp "tcp-socket" (type $Socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
    (export "tcp-socket" (type $socket (eq $Socket)))
    (export "error-code" (type $error (eq $Error)))
    (export "ip-address-family" (type $family (eq $Family)))
    (export "create-tcp-socket" (func (param "address-family" $family)
      (result (result (own $socket) (error $error)))))))
  (core module $Memory (memory (export "mem") 1))
  (core instance $memory (instantiate $Memory))
  (core func $network (canon lower (func $instance-network "instance-network")))
  (core func $create (canon lower (func $create "create-tcp-socket")
    (memory (core memory $memory "mem"))))
  (core func $connect (canon lower (func $tcp "[method]tcp-socket.start-connect")
    (memory (core memory $memory "mem"))))
  (core module $m
    (import "" "mem" (memory 1))
    (import "" "network" (func $network (result i32)))
    (import "" "create" (func $create (param i32 i32)))
    (import "" "connect" (func $connect (param ${words(15, "i32")})))
    (func $socket (result i32)
      (call $create (i32.const 0) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then (unreachable)))
      (i32.load (i32.const 20)))
    (func (export "plant") (param i64)
      (call $connect (call $socket) (call $network) (i32.const 0)
        (i32.wrap_i64 (local.get 0)) (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
        ${words(6, "(i32.const 0)")} (i32.const 32))
      (if (i32.load8_u (i32.const 32)) (then (unreachable))))
    (func (export "look") (result i64) (i64.extend_i32_u (call $socket))))
  (core instance $i (instantiate $m (with "" (instance
    (export "mem" (memory $memory "mem"))
    (export "network" (func $network)) (export "create" (func $create))
    (export "connect" (func $connect))))))
  ${plantAndLookExports})`;
