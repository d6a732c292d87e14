/** An instant in the viewer's zone; hovering tells UTC. */
import { type ReactNode, useSyncExternalStore } from "react";
import { dateOf, relative, timeOf, utcOf } from "@/format/time";

const TICK_MS = 15_000;

let now = Date.now();
const watchers = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;

/** One clock for all that shows how long ago something was. */
function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  clock ??= setInterval(() => {
    now = Date.now();
    for (const each of watchers) each();
  }, TICK_MS);
  return () => {
    watchers.delete(watcher);
    if (!watchers.size) {
      clearInterval(clock);
      clock = undefined;
    }
  };
}

export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}

const SHOWN = { date: dateOf, time: timeOf } as const;

export function Time({ at, as = "time" }: { at: string; as?: keyof typeof SHOWN }): ReactNode {
  return (
    <time dateTime={at} title={utcOf(at)}>
      {SHOWN[as](at)}
    </time>
  );
}

export function Ago({ at }: { at: string }): ReactNode {
  const current = useNow();
  return (
    <time dateTime={at} title={`${timeOf(at)} · ${utcOf(at)}`}>
      {relative(at, current)}
    </time>
  );
}
