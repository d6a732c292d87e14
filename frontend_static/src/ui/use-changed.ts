/** What is new announces itself quietly: a row that was rewritten under the viewer's eyes. */
import { useEffect, useRef, useState } from "react";

const SHOWN_MS = 2500;

/** What a row is drawn with: it is tinted when it changes, and fades back. */
export function useChangedTint(version: string | number): string {
  const before = useRef(version);
  const [changed, setChanged] = useState(false);
  useEffect(() => {
    if (before.current === version) return undefined;
    before.current = version;
    setChanged(true);
    const timer = setTimeout(() => {
      setChanged(false);
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [version]);
  return changed
    ? "bg-accent-soft transition-colors duration-1000"
    : "transition-colors duration-1000";
}
