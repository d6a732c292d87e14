/** A line of a few values, without axes; its meaning is said in words. */
import { line } from "d3-shape";
import type { ReactNode } from "react";

const WIDTH = 72;
const HEIGHT = 20;
const FEWEST = 4;

export function Sparkline({
  values,
  label,
  stroke = "text-muted",
  least = 0,
}: {
  values: readonly (number | null)[];
  label: string;
  stroke?: string;
  /** How much the height shows at least, so that small changes look small. */
  least?: number;
}): ReactNode {
  const known = values.filter((value) => value !== null);
  if (known.length < FEWEST) return null; // a speck tells nobody anything
  const low = Math.min(...known);
  const high = Math.max(...known);
  const span = Math.max(high - low, least);
  const middle = (low + high) / 2;
  // Plain proportion: d3's scales would be a tenth of all that Home needs to be drawn.
  const path = line<number | null>()
    .defined((value) => value !== null)
    .x((_, place) => 1 + (place / (values.length - 1)) * (WIDTH - 2))
    .y((value) => HEIGHT / 2 - (span && ((value ?? 0) - middle) / span) * (HEIGHT - 4));
  return (
    <svg width={WIDTH} height={HEIGHT} role="img" aria-label={label} className={stroke}>
      <path
        d={path(values) ?? ""}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinejoin="round"
      />
    </svg>
  );
}
