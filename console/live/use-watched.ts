import { useEffect, useState } from "preact/hooks";

/** Hidden for so long, a page does not follow any more. */
const hiddenMsMax = 20_000;

/**
 * Whether somebody may be looking. Browsers open six connections to a server for all tabs together:
 * tabs in the background must not take them from the one that is seen.
 */
export function useWatched(): boolean {
  const [isWatched, setWatched] = useState(true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onChange = (): void => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => setWatched(false), hiddenMsMax);
      else setWatched(true);
    };
    document.addEventListener("visibilitychange", onChange);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onChange);
    };
  }, []);
  return isWatched;
}
