/** Bars: one share of a whole, and parts that add up. */
import type { ReactNode } from "react";
import { classNames } from "@/ui/class-names";

/** A thin bar for a value of 0 to 1; what it says stands beside it as a number. */
export function Bar({ value, tone }: { value: number; tone: string }): ReactNode {
  return (
    <svg
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      aria-hidden="true"
      className="h-1 w-full rounded-full bg-line"
    >
      <rect width={100 * Math.min(1, Math.max(0, value))} height="4" rx="2" className={tone} />
    </svg>
  );
}

/** A value between bounds, such as an estimate in its interval, on an axis of 0 to `most`. */
export function Interval({
  low,
  high,
  value,
  most,
  tone,
}: {
  low: number;
  high: number;
  value: number | null;
  most: number;
  tone: string;
}): ReactNode {
  const place = (x: number) => (100 * Math.min(x, most)) / most;
  return (
    <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" className="h-2 w-full">
      <rect y="3" width="100" height="2" className="fill-line" />
      <rect
        x={place(low)}
        y="2"
        width={Math.max(1, place(high) - place(low))}
        height="4"
        className={classNames(tone, "opacity-40")}
      />
      {value !== null && (
        <rect x={Math.max(0, place(value) - 0.6)} y="0" width="1.2" height="8" className={tone} />
      )}
    </svg>
  );
}
