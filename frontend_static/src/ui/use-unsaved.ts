/** Nothing that was typed is lost without a word: whoever leaves the page is asked first, once. */
import { useBlocker } from "@tanstack/react-router";
import { useEffect, useId } from "react";

const unsaved = new Set<string>();

/** Say whether something here is typed and not saved. */
export function useUnsaved(any: boolean): void {
  const id = useId();
  useEffect(() => {
    if (!any) return undefined;
    unsaved.add(id);
    return () => {
      unsaved.delete(id);
    };
  }, [id, any]);
}

/** Ask before anything of it is left; once around all pages. */
export function useGuard(): void {
  useBlocker({
    // Another filter or place on the same page takes nothing away.
    shouldBlockFn: ({ current, next }) =>
      unsaved.size > 0 &&
      current.pathname !== next.pathname &&
      !window.confirm("What you wrote is not saved yet. Leave the page?"),
    enableBeforeUnload: () => unsaved.size > 0,
  });
}
