import type { VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { tokenFromText } from "../api/token.ts";
import { Outside } from "../parts/text-parts.tsx";

/** Asks for the token, where none came or the one that came is refused. */
export function SignIn({
  refusal,
  onToken,
}: {
  /** Why a token was refused, in the server's words; `""` where none was shown. */
  readonly refusal: string;
  onToken(token: string): void;
}): VNode {
  const [isEmpty, setEmpty] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  return (
    <main class="page" id="main">
      <div class="sign-in">
        <h1>This console needs its token</h1>
        <p class="lead" id="token-help">
          Open the whole address that <code>whorl up --console</code> has printed, or paste it here.
          In a cluster give a bearer token of Kubernetes, such as{" "}
          <code>kubectl create token NAME</code> prints: you see what its account may list.
        </p>
        {refusal !== "" && (
          <p class="refusal" role="status">
            <Outside text={refusal} />
          </p>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const token = tokenFromText(input.current?.value ?? "");
            setEmpty(token === "");
            if (token !== "") onToken(token);
          }}
        >
          <input
            ref={input}
            class="control"
            type="password"
            autocomplete="off"
            spellcheck={false}
            aria-label="Address or token"
            aria-describedby="token-help"
            aria-invalid={isEmpty}
          />
          <button class="control" type="submit">
            Open
          </button>
        </form>
        {isEmpty && (
          <p class="is-failed" role="alert">
            There is no token in that.
          </p>
        )}
      </div>
    </main>
  );
}
