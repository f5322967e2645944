/**
 * Thrown through the guest when it calls wasi:cli/exit. It ends the instance like a trap, but
 * nothing went wrong: whoever runs the guest takes {@link code} as its exit status.
 */
export class GuestExit extends Error {
  override readonly name = "GuestExit";
  readonly code: number;

  constructor(code: number) {
    super(`the guest exited with status ${code}`);
    this.code = code;
  }
}
