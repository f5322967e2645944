import type { FunctionComponent } from "preact";
import { useRef } from "preact/hooks";

/** Draws a component again only when one of its properties is another one. */
export function memo<Props extends object>(
  draw: (props: Props) => ReturnType<FunctionComponent>,
): FunctionComponent<Props> {
  return function Remembering(props) {
    const before = useRef<{ props: Props; drawn: ReturnType<FunctionComponent> } | null>(null);
    if (before.current !== null && isSame(before.current.props, props)) return before.current.drawn;
    const drawn = draw(props);
    before.current = { props, drawn };
    return drawn;
  };
}

function isSame<Props extends object>(a: Props, b: Props): boolean {
  const names = Object.keys(b) as (keyof Props)[];
  return (
    names.length === Object.keys(a).length && names.every((name) => Object.is(a[name], b[name]))
  );
}
