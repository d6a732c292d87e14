/**
 * Lines over days, with a threshold and what was where at the pointer.
 *
 * The same numbers stand in a table that is read out; colours differ in stroke as well.
 */
import { scaleLinear, scaleUtc } from "d3-scale";
import { line } from "d3-shape";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useState } from "react";
import { dayOf, shortDayOf } from "@/format/time";
import { Empty } from "@/ui/state";
import { frame } from "./frame";
import { useWidth } from "./use-width";

export interface Point {
  at: string;
  value: number | null;
}

export interface Line {
  name: string;
  points: readonly Point[];
  /** A class that sets the stroke's colour. */
  stroke: string;
  dashed?: boolean;
}

interface LineChartProps {
  title: string;
  lines: readonly Line[];
  /** How a value reads. */
  shown: (value: number | null) => string;
  threshold?: { value: number; name: string } | undefined;
  /** Where the axis begins. */
  least?: number;
  /** The least that the axis reaches up to. */
  most?: number;
  height?: number;
}

/** Days of which dashes would leave nothing. */
const FEW = 4;

export function LineChart({
  title,
  lines: given,
  shown,
  threshold,
  least = 0,
  most = 0,
  height = 200,
}: LineChartProps): ReactNode {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [place, setPlace] = useState<number | null>(null);
  const days = given[0]?.points.map((point) => point.at) ?? [];
  // What nobody knows yet is not named either.
  const lines = given.filter((one) => one.points.some((point) => point.value !== null));
  if (!lines.length) return <Empty title="Nothing is known of this yet" />;
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
        <span className="sr-only">{title}</span>
        {lines.map((one) => (
          <span key={one.name} className="inline-flex items-center gap-1.5">
            <svg width="16" height="8" aria-hidden="true" className={one.stroke}>
              <line
                x1="0"
                x2="16"
                y1="4"
                y2="4"
                stroke="currentColor"
                strokeWidth="2"
                strokeDasharray={one.dashed ? "4 3" : undefined}
              />
            </svg>
            {one.name}
            {place !== null && (
              <strong className="font-medium text-ink">
                {shown(one.points[place]?.value ?? null)}
              </strong>
            )}
          </span>
        ))}
        {place !== null && days[place] && <span className="ml-auto">{dayOf(days[place])}</span>}
      </figcaption>
      <div
        ref={ref}
        className="h-(--chart-height)"
        style={{ "--chart-height": `${String(height)}px` } as object}
      >
        {width > 0 && (
          <Plot
            {...{
              title,
              lines,
              shown,
              threshold,
              least,
              most,
              width,
              height,
              days,
              place,
              setPlace,
            }}
          />
        )}
      </div>
    </figure>
  );
}

interface PlotProps extends Omit<LineChartProps, "least" | "most" | "height"> {
  least: number;
  most: number;
  height: number;
  width: number;
  days: readonly string[];
  place: number | null;
  setPlace: (place: number | null) => void;
}

function Plot({
  title,
  lines,
  shown,
  threshold,
  least,
  most,
  width,
  height,
  days,
  place,
  setPlace,
}: PlotProps): ReactNode {
  const box = frame(width, height);
  const values = lines.flatMap((one) =>
    one.points.flatMap((p) => (p.value === null ? [] : [p.value])),
  );
  const top = Math.max(most, threshold?.value ?? 0, ...values) || 1;
  const y = scaleLinear([least, top + (top - least) * 0.05], [height - box.bottom, box.top]);
  const first = new Date(days[0] ?? 0);
  const last = new Date(days.at(-1) ?? 1);
  const x = scaleUtc([first, last], [box.left, width - box.right]);
  const path = line<Point>()
    .defined((point) => point.value !== null)
    .x((point) => x(new Date(point.at)))
    .y((point) => y(point.value ?? 0));

  function move(event: PointerEvent): void {
    const left = event.currentTarget.getBoundingClientRect().left;
    setPlace(nearest(days, x.invert(event.clientX - left).getTime()));
  }
  function step(event: KeyboardEvent): void {
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (!by || !days.length) return;
    event.preventDefault();
    setPlace(Math.min(days.length - 1, Math.max(0, (place ?? days.length - 1) + by)));
  }

  const marked = place === null ? undefined : days[place];
  return (
    <>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${title}, from ${dayOf(days[0])} to ${dayOf(days.at(-1))}`}

        tabIndex={0}
        onPointerMove={move}
        onPointerLeave={() => {
          setPlace(null);
        }}
        onKeyDown={step}
        onBlur={() => {
          setPlace(null);
        }}
        className="block touch-pan-y"
      >
        {y.ticks(4).map((tick) => (
          <g key={tick}>
            <line
              x1={box.left}
              x2={width - box.right}
              y1={y(tick)}
              y2={y(tick)}
              className="text-line"
              stroke="currentColor"
            />
            <text
              x={box.left - 8}
              y={y(tick)}
              dy="0.32em"
              textAnchor="end"
              className="fill-faint text-2xs"
            >
              {shown(tick)}
            </text>
          </g>
        ))}
        {x.ticks(Math.max(2, Math.floor(width / 110))).map((tick) => (
          <text
            key={tick.getTime()}
            x={x(tick)}
            y={height - 6}
            textAnchor="middle"
            className="fill-faint text-2xs"
          >
            {shortDayOf(tick.toISOString())}
          </text>
        ))}
        {threshold && (
          <line
            x1={box.left}
            x2={width - box.right}
            y1={y(threshold.value)}
            y2={y(threshold.value)}
            stroke="currentColor"
            strokeDasharray="2 4"
            className="text-critical"
          />
        )}
        {lines.map((one) => (
          <path
            key={one.name}
            d={path(one.points) ?? ""}
            fill="none"
            stroke="currentColor"
            strokeWidth="1.8"
            strokeLinejoin="round"
            strokeLinecap="round" // a day alone is a dot
            strokeDasharray={one.dashed && known(one) > FEW ? "5 4" : undefined}
            className={one.stroke}
          />
        ))}
        {marked && (
          <line
            x1={x(new Date(marked))}
            x2={x(new Date(marked))}
            y1={box.top}
            y2={height - box.bottom}
            stroke="currentColor"
            className="text-line-strong"
          />
        )}
      </svg>
      {/* Around the table: a table is never narrower than its words, and would widen the page. */}
      <div className="sr-only">
        <table>
          <caption>{title}</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              {lines.map((one) => (
                <th key={one.name} scope="col">
                  {one.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.map((day, row) => (
              <tr key={day}>
                <th scope="row">{dayOf(day)}</th>
                {lines.map((one) => (
                  <td key={one.name}>{shown(one.points[row]?.value ?? null)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function known(one: Line): number {
  return one.points.filter((point) => point.value !== null).length;
}

function nearest(days: readonly string[], at: number): number | null {
  let found: number | null = null;
  let least = Infinity;
  days.forEach((day, place) => {
    const distance = Math.abs(Date.parse(day) - at);
    if (distance < least) {
      least = distance;
      found = place;
    }
  });
  return found;
}
