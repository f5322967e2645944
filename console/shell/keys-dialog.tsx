import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["j", "k"], "next and previous row, as arrows do"],
  [["Enter"], "open the row"],
  [["/"], "filter"],
  [["Space"], "stop and go on with live requests"],
  [["Esc"], "leave the filter; back to the list"],
  [["1", "2", "3"], "apps, requests, pods"],
  [["t"], "light or dark"],
  [["?"], "these keys"],
];

/** What the keyboard does. */
export function KeysDialog({
  usesKeys,
  onUseKeys,
  onClose,
}: {
  /** Whether single letters do anything: they are in the way of those who dictate. */
  readonly usesKeys: boolean;
  onUseKeys(usesKeys: boolean): void;
  onClose(): void;
}): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="keys-title"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <header>
        <h2 id="keys-title">Keyboard</h2>
        <button
          type="button"
          class="icon-button"
          aria-label="Close"
          onClick={() => dialog.current?.close()}
        >
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d="M3.5 3.5l9 9m0-9l-9 9" stroke="currentColor" stroke-width="1.5" />
          </svg>
        </button>
      </header>
      <dl class="keys">
        {keys.map(([names, what]) => (
          <div key={what}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="switch">
        <input
          type="checkbox"
          checked={usesKeys}
          onChange={({ currentTarget }) => onUseKeys(currentTarget.checked)}
        />
        Single keys do this
      </label>
    </dialog>
  );
}
