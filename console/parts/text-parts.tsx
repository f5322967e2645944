import type { ComponentChildren, VNode } from "preact";
import { printableText } from "../../runtime/telemetry/printable-text.ts";
import type { Quantity } from "../format/quantities.ts";
import { usePage } from "../page-context.ts";
import { type Route, routeHref } from "../route.ts";

/**
 * Text from outside: control characters and marks that turn the direction of text are shown as
 * escapes. Markup is text like any other, as everywhere in this page.
 */
export function Outside({ text }: { readonly text: string }): VNode {
  return <>{printableText(text)}</>;
}

/** The same for text of several lines, which stay lines. */
export function OutsideLines({ text }: { readonly text: string }): VNode {
  return (
    <>
      {text
        .split(/\r?\n/)
        .map((line) => printableText(line, true))
        .join("\n")}
    </>
  );
}

/** Of a message: its further lines are a stack, mostly. */
export function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? message;
}

/** A figure with its unit set smaller. */
export function Figure({ of }: { readonly of: Quantity }): VNode {
  return (
    <span>
      {of.figure}
      {of.unit !== "" && <span class="unit">{of.unit}</span>}
    </span>
  );
}

interface LinkProps {
  readonly to: Route;
  readonly class?: string;
  readonly isCurrent?: boolean;
  readonly tabIndex?: number;
  readonly children: ComponentChildren;
}

/** A link within the page; with a modifier it is the browser's own. */
export function Link({ to, isCurrent, children, ...more }: LinkProps): VNode {
  const { go } = usePage();
  return (
    <a
      {...more}
      href={routeHref(to)}
      {...(isCurrent === true && { "aria-current": "page" as const })}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        event.stopPropagation();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
