/** The few numbers that say how the marketplace stands, each with its way over 30 days. */
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { Sparkline } from "@/chart/sparkline";
import { count, percent, signed } from "@/format/number";
import { span } from "@/format/time";
import { classNames } from "@/ui/class-names";
import { Defined } from "@/ui/defined";

/** The promise: a session's insight within the hour. */
const PROMISED_SECONDS = 3600;

interface Change {
  by: number;
  /** How the size of the change reads. */
  shown: string;
  /** Whether more is better; undefined where neither is. */
  moreIsBetter?: boolean;
  /** Over how many days. */
  days: number;
}

interface Kpi {
  title: string;
  /** Where its definition stands: the part of the definitions and its name there. */
  defined?: [part: string, name: string];
  value: string;
  about: string;
  values?: (number | null)[];
  change?: Change | undefined;
  bad?: boolean;
}

export function Kpis({ platform }: { platform: Schemas["Overview"] }): ReactNode {
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-5">
      {kpis(platform).map((kpi) => (
        <Tile key={kpi.title} kpi={kpi} />
      ))}
    </dl>
  );
}

export function kpis(platform: Schemas["Overview"]): Kpi[] {
  const days = platform.trend ?? [];
  const risk = platform.at_risk ?? {};
  const atRisk = days.map((day) => (day.at_risk.critical ?? 0) + (day.at_risk.high ?? 0));
  const first = platform.first_session_success_rate;
  const noShow = platform.no_show_rate;
  const moved = platform.reschedule_rate;
  return [
    {
      title: "At risk",
      value: count((risk.critical ?? 0) + (risk.high ?? 0)),
      about: `${count(risk.critical ?? 0)} critical, of ${count(platform.tutors)} tutors`,
      values: atRisk,
      change: change(atRisk, (by) => signed(by), false),
    },
    rate(
      "First-session success",
      "first_session_success_rate",
      first,
      days.map((day) => day.first_session_success_rate?.value ?? null),
      true,
    ),
    rate(
      "Reschedule rate",
      "reschedule_rate",
      moved,
      days.map((day) => day.reschedule_rate?.value ?? null),
      false,
    ),
    rate(
      "No-show rate",
      "no_show_rate",
      noShow,
      days.map((day) => day.no_show_rate?.value ?? null),
      false,
    ),
    insight(platform.insight_latency_seconds, days),
  ];
}

/** Measured as it is promised, from the end of the session; until one has ended, from the report. */
function insight(
  latency: Schemas["Overview"]["insight_latency_seconds"],
  days: readonly Schemas["TrendDay"][],
): Kpi {
  const fromEnd = latency?.session_end_p95;
  const fromReport = latency?.receipt_p95;
  const shown = fromEnd ?? fromReport;
  const about =
    fromEnd == null
      ? "from report to score"
      : `from session end, promised 1\u00a0h; ${span(fromReport)} from its report`;
  return {
    title: "Insight latency, 95 %",
    defined: ["general", "insight_latency_seconds"],
    value: span(shown),
    about: latency?.n ? about : "No reports in 24 hours",
    values: days.map((day) => day.insight_latency_seconds?.session_end_p95 ?? null),
    bad: (shown ?? 0) > PROMISED_SECONDS,
  };
}

function rate(
  title: string,
  metric: string,
  now: Schemas["PlatformRate"] | undefined,
  values: (number | null)[],
  moreIsBetter: boolean,
): Kpi {
  return {
    title,
    defined: ["metrics", metric],
    value: percent(now?.value),
    about: `of ${count(now?.n)} in 30 days`,
    values,
    change: change(values, (by) => `${signed(by * 100, 1)} pt`, moreIsBetter),
  };
}

function change(
  values: (number | null)[],
  shown: (by: number) => string,
  moreIsBetter: boolean,
): Change | undefined {
  const begin = values.findIndex((value) => value !== null);
  const end = values.findLastIndex((value) => value !== null);
  const by = (values[end] ?? 0) - (values[begin] ?? 0);
  return begin < end ? { by, shown: shown(by), moreIsBetter, days: end - begin } : undefined;
}

function Tile({ kpi }: { kpi: Kpi }): ReactNode {
  const { change: moved } = kpi;
  const better =
    moved && !moved.shown.startsWith("±") ? moved.by > 0 === moved.moreIsBetter : undefined;
  return (
    <div className="flex min-h-34 flex-col rounded-lg border border-line bg-surface px-4 py-3 last:max-xl:col-span-2 sm:min-h-28 xl:min-h-31">
      <dt className="text-xs text-muted">
        {kpi.defined ? (
          <Defined part={kpi.defined[0]} name={kpi.defined[1]}>
            {kpi.title}
          </Defined>
        ) : (
          kpi.title
        )}
      </dt>
      <dd className="mt-0.5 flex flex-1 flex-col justify-between">
        <span className="flex items-end justify-between gap-2">
          <span
            className={classNames(
              "text-2xl font-semibold tracking-tight whitespace-nowrap",
              kpi.bad && "text-critical",
            )}
          >
            {kpi.value}
          </span>
          {kpi.values && <Sparkline values={kpi.values} label={`${kpi.title} over 30 days`} />}
        </span>
        <span className="text-xs text-muted">
          {moved && (
            <span
              className={better === undefined ? undefined : better ? "text-good" : "text-critical"}
            >
              {moved.shown} in {count(moved.days)} d ·{" "}
            </span>
          )}
          {kpi.about}
        </span>
      </dd>
    </div>
  );
}
