/** Every bound of the runtime with its unit. Checked before anything is allocated. */
export const limits = {
  /** Size of one component binary. */
  componentBytesMax: 256 * 1024 * 1024,
  /** Components inside components inside components. */
  componentNestingMax: 32,
  /** Types inside types. */
  typeNestingMax: 100,
  /** Entries of one index space of one component (functions, types, instances, ...). */
  indexSpaceItemsMax: 100_000,
  /** Length of one name in the binary. */
  nameBytesMax: 100_000,
  /** Size that one type's value may have in linear memory (as in the reference implementation). */
  typeSizeBytesMax: (1 << 28) - 1,
  /** Parameters of one function; record fields, variant cases, enum names of one type. */
  typeMembersMax: 10_000,
  /** Live entries of one instance's handle table (specification: less than 2^28). */
  handlesMax: 1 << 20,
  /** Strings and lists: one lowered or lifted value (specification: less than 2^31 for strings). */
  valueBytesMax: 0x7fff_ffff,
  /** One read of a wasi:io input stream returns at most this. */
  streamReadBytesMax: 64 * 1024,
  /** What check-write of a wasi:io output stream permits at most. */
  streamWriteBytesMax: 1024 * 1024,
  /** wasi:random: one get-random-bytes. */
  randomBytesMax: 64 * 1024 * 1024,
  /** Host-side buffering of a body (same as Spin). */
  bufferedBodyBytesMax: 128 * 1024 * 1024,
  /** All header lines of one request or one response. */
  headersBytesMax: 128 * 1024,
  /** A client has this long to send its request head. */
  requestHeadMsMax: 60_000,
  /** Requests in flight have this long to finish after SIGTERM. */
  shutdownMsMax: 10_000,
  /** Connections served at once by one listener. */
  connectionsMax: 10_000,
  /** wasi:http: connect, first byte, and between bytes, unless the guest asks otherwise. */
  outboundTimeoutMs: 600_000,
} as const;
