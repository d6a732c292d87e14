/** A line of a few values, without axes; its meaning is said in words. */
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { ReactNode } from "react";

const WIDTH = 72;
const HEIGHT = 20;

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
  if (known.length < 2) return null;
  const x = scaleLinear([0, values.length - 1], [1, WIDTH - 1]);
  const low = Math.min(...known);
  const high = Math.max(...known);
  const room = Math.max(0, least - (high - low)) / 2;
  const y = scaleLinear([low - room, high + room], [HEIGHT - 2, 2]);
  const path = line<number | null>()
    .defined((value) => value !== null)
    .x((_, place) => x(place))
    .y((value) => y(value ?? 0));
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
