/** The tutor's rates over 7, 30 and 90 days, with how many sessions stand behind each. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { definitions } from "@/api/query";
import { useApi } from "@/api/use-api";
import { count, decimal, percent } from "@/format/number";
import { classNames } from "@/ui/class-names";
import { Card } from "@/ui/card";
import { Defined } from "@/ui/defined";

const WINDOWS = ["7d", "30d", "90d"] as const;
const SHOWN = [
  "sessions",
  "reschedule_rate",
  "no_show_rate",
  "avg_rating",
  "first_session_success_rate",
  "engagement_score",
  "learning_objectives_met_rate",
  "late_start_rate",
  "late_notice_reschedules",
  "response_minutes_p50",
  "availability_hours",
] as const;
const SHARES: readonly string[] = ["engagement_score"];
const UNITS: Readonly<Record<string, string>> = {
  response_minutes_p50: "minutes",
  availability_hours: "hours a week",
};
const SURE = 0.8;

type Rate = Schemas["Rate"];
type Value = Rate | number | null | undefined;

export function RatesCard({ windows }: { windows: Schemas["Windows"] }): ReactNode {
  const terms = useQuery(definitions(useApi())).data?.metrics ?? [];
  const title = (name: string) =>
    terms.find((term) => term.name === name)?.title ?? name.replaceAll("_", " ");
  const meaning = (name: string) => terms.find((term) => term.name === name)?.meaning;
  return (
    <Card title="Performance" aside="n is how many sessions it rests on">
      {/* Its columns are as wide before the titles have come. */}
      <table className="w-full table-fixed">
        <caption className="sr-only">Metrics of 7, 30 and 90 days</caption>
        <thead className="text-xs text-muted">
          <tr>
            <th scope="col" className="pb-1 text-left font-normal">
              Metric
            </th>
            {WINDOWS.map((window) => (
              <th key={window} scope="col" className="w-1/5 pb-1 text-right font-normal">
                {window.replace("d", " days")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {SHOWN.map((name) => (
            <tr key={name} className="border-t border-line align-top">
              <th scope="row" className="py-1.5 pr-2 text-left font-normal">
                <Defined part="metrics" name={name} title={meaning(name)}>
                  {title(name)}
                </Defined>
                {UNITS[name] && <span className="text-xs text-muted">, {UNITS[name]}</span>}
              </th>
              {WINDOWS.map((window) => (
                <td key={window} className="py-1.5 text-right whitespace-nowrap">
                  <Cell name={name} value={(windows[window] as Record<string, Value>)[name]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Cell({ name, value }: { name: string; value: Value }): ReactNode {
  if (value === null || value === undefined) return <span className="text-faint">–</span>;
  if (typeof value === "number") {
    if (SHARES.includes(name)) return percent(value);
    return Number.isInteger(value) ? count(value) : decimal(value);
  }
  if (value.value === null) return <span className="text-faint">–</span>;
  const sure = (value.p_over ?? 0) >= SURE;
  return (
    <span title={`95 % between ${percent(value.low)} and ${percent(value.high)}`}>
      <span className={classNames(sure && "font-medium text-critical")}>
        {percent(value.value)}
      </span>
      <span className="block text-2xs text-muted">n {count(value.n)}</span>
    </span>
  );
}
