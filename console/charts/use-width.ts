import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** The width of an element, kept up to date: charts are drawn in real pixels. */
export function useWidth<Box extends Element>(): {
  readonly box: RefObject<Box | null>;
  readonly width: number;
} {
  const box = useRef<Box | null>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(Math.round(element.clientWidth)));
    observer.observe(element);
    setWidth(Math.round(element.clientWidth));
    return () => observer.disconnect();
  }, []);
  return { box, width };
}
