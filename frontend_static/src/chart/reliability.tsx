/** Predicted against observed, with 95 %: on the diagonal percentages mean what they say. */
import { scaleLinear } from "d3-scale";
import type { ReactNode } from "react";
import { percent } from "@/format/number";

const SIZE = 300;
const LEFT = 48;
const BOTTOM = 34;

interface Bin {
  rows: number;
  mean_predicted: number;
  observed: number;
  low: number;
  high: number;
}

export function Reliability({ bins }: { bins: readonly Bin[] }): ReactNode {
  const most = Math.max(
    0.01,
    ...bins.flatMap((bin) => [bin.mean_predicted, bin.observed, bin.high]),
  );
  const x = scaleLinear([0, most], [LEFT, SIZE - 8]).nice();
  const y = scaleLinear([0, most], [SIZE - BOTTOM, 8]).nice();
  const end = x.domain()[1] ?? most;
  const told = bins.map(
    (bin) => `${percent(bin.mean_predicted)} predicted, ${percent(bin.observed)} left`,
  );
  return (
    <svg
      viewBox={`0 0 ${String(SIZE)} ${String(SIZE)}`}
      role="img"
      aria-label={told.join("; ")}
      className="w-full max-w-75"
    >
      {y.ticks(4).map((tick) => (
        <g key={tick}>
          <line
            x1={LEFT}
            x2={SIZE - 8}
            y1={y(tick)}
            y2={y(tick)}
            stroke="currentColor"
            className="text-line"
          />
          <text
            x={LEFT - 6}
            y={y(tick)}
            dy="0.32em"
            textAnchor="end"
            className="fill-faint text-2xs"
          >
            {percent(tick)}
          </text>
          {tick > 0 && ( // at the corner one is enough
            <text
              x={x(tick)}
              y={SIZE - BOTTOM + 14}
              textAnchor="middle"
              className="fill-faint text-2xs"
            >
              {percent(tick)}
            </text>
          )}
        </g>
      ))}
      <text x={(LEFT + SIZE) / 2} y={SIZE - 4} textAnchor="middle" className="fill-muted text-2xs">
        predicted
      </text>
      <text
        transform={`translate(8 ${String((SIZE - BOTTOM) / 2)}) rotate(-90)`}
        textAnchor="middle"
        className="fill-muted text-2xs"
      >
        left
      </text>
      <line
        x1={x(0)}
        y1={y(0)}
        x2={x(end)}
        y2={y(end)}
        stroke="currentColor"
        strokeDasharray="4 4"
        className="text-line-strong"
      />
      {bins.map((bin) => (
        <g key={bin.mean_predicted} className="text-accent">
          <line
            x1={x(bin.mean_predicted)}
            x2={x(bin.mean_predicted)}
            y1={y(bin.low)}
            y2={y(bin.high)}
            stroke="currentColor"
          />
          <circle cx={x(bin.mean_predicted)} cy={y(bin.observed)} r="3.5" fill="currentColor">
            <title>{`${percent(bin.mean_predicted)} predicted, ${percent(bin.observed)} left (${String(bin.rows)} tutor-days)`}</title>
          </circle>
        </g>
      ))}
    </svg>
  );
}
