/** Nothing that was typed is lost without a word: whoever leaves the page is asked first. */
import { useBlocker } from "@tanstack/react-router";

export function useUnsaved(any: boolean): void {
  useBlocker({
    // Another filter or place on the same page takes nothing away.
    shouldBlockFn: ({ current, next }) =>
      any &&
      current.pathname !== next.pathname &&
      !window.confirm("What you wrote is not saved yet. Leave the page?"),
    enableBeforeUnload: any,
    disabled: !any,
  });
}
