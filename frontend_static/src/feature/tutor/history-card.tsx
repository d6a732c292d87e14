/** The nights so far: score, chance and rates over time, with the line where a rate turns red. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Schemas } from "@/api/client";
import { failure } from "@/api/problem";
import { definitions, tutorHistory } from "@/api/query";
import { useApi } from "@/api/use-api";
import { type Line, LineChart } from "@/chart/line-chart";
import { count, decimal, percent } from "@/format/number";
import { Card } from "@/ui/card";
import { Select } from "@/ui/select";
import { Empty, Failed, Skeleton } from "@/ui/state";

const DAYS = 120;
/** The scale of stars begins at 1. */
const LEAST_STARS = 1;
/** Of the chart and its names, which are two lines on a phone: what stands below never moves. */
const ROOM = "min-h-70 sm:min-h-65";
const VIEWS = [
  { value: "score", label: "Score and chance" },
  { value: "reschedule_rate", label: "Reschedule rate" },
  { value: "no_show_rate", label: "No-show rate" },
  { value: "avg_rating", label: "Rating" },
] as const;
type View = (typeof VIEWS)[number]["value"];

const WINDOWS = [
  ["7d", "text-faint", true],
  ["30d", "text-accent", false],
  ["90d", "text-ink", true],
] as const;

export function HistoryCard({ tutorId }: { tutorId: string }): ReactNode {
  const api = useApi();
  const [view, setView] = useState<View>("score");
  const history = useQuery(tutorHistory(api, tutorId, DAYS));
  const limits = useQuery(definitions(api)).data?.thresholds ?? [];
  const limit = limits.find(
    (one) =>
      one.name === view ||
      one.name.startsWith(`${view}_`) ||
      (view === "avg_rating" && one.name === "rating_last_30"),
  );
  const days = history.data?.items ?? [];
  return (
    <Card
      title="Over time"
      aside={
        <span className="print:hidden">
          <Select label="What is shown" value={view} options={VIEWS} onChange={setView} />
        </span>
      }
    >
      <div className={ROOM}>
        {history.isError && !history.data ? (
          <Failed {...failure(history)} />
        ) : !history.data ? (
          <Skeleton className={ROOM} />
        ) : days.length < 2 ? (
          <Empty title="Not enough nights yet">A record is kept each night.</Empty>
        ) : (
          <LineChart
            title={`${VIEWS.find((one) => one.value === view)?.label ?? ""} over ${String(days.length)} nights`}
            lines={lines(view, days)}
            shown={view === "score" ? count : view === "avg_rating" ? decimal : percent}
            least={view === "avg_rating" ? LEAST_STARS : 0}
            most={view === "score" ? 100 : 0}
            threshold={limit && { value: limit.value, name: limit.about }}
            height={240}
          />
        )}
      </div>
      {limit && days.length > 1 && (
        <p className="mt-1 text-xs text-muted">
          Dotted: red {limit.above_is_bad ? "above" : "below"}{" "}
          {view === "avg_rating" ? decimal(limit.value) : percent(limit.value)}
        </p>
      )}
    </Card>
  );
}

function lines(view: View, days: readonly Schemas["HistoryDay"][]): Line[] {
  if (view === "score") {
    return [
      {
        name: "Churn score",
        stroke: "text-critical",
        points: days.map((day) => ({ at: day.as_of, value: day.churn_score })),
      },
      {
        name: "Chance to leave in 30 days, %",
        stroke: "text-accent",
        dashed: true,
        points: days.map((day) => ({
          at: day.as_of,
          value: hundredfold(day.probabilities["30d"]),
        })),
      },
    ];
  }
  return WINDOWS.map(([window, stroke, dashed]) => ({
    name: window.replace("d", " days"),
    stroke,
    dashed,
    points: days.map((day) => ({ at: day.as_of, value: day.rates[window][view] ?? null })),
  }));
}

function hundredfold(value: number | null | undefined): number | null {
  return value == null ? null : value * 100;
}
