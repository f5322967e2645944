import type { VNode } from "preact";
import { Link, Outside } from "../parts/text-parts.tsx";

/** An address that leads to nothing. */
export function NowhereView({ path }: { readonly path: string }): VNode {
  return (
    <>
      <h1 tabIndex={-1}>There is nothing here</h1>
      <p class="lead">
        <code>
          <Outside text={path} />
        </code>{" "}
        is no address of this console. <Link to={{ view: "apps" }}>To the apps</Link>
      </p>
    </>
  );
}
