/** How many tutors were at risk over the last month, and how many were expected to leave. */
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { LineChart } from "@/chart/line-chart";
import { count } from "@/format/number";
import { Empty } from "@/ui/state";

export default function Trend({ days }: { days: readonly Schemas["TrendDay"][] }): ReactNode {
  const at = (value: (day: Schemas["TrendDay"]) => number | null) =>
    days.map((day) => ({ at: day.date, value: value(day) }));
  if (days.length < 2)
    return <Empty title="Not enough days yet">The trend begins with the second night.</Empty>;
  return (
    <LineChart
      title="Tutors at risk and expected departures over 30 days"
      lines={[
        {
          name: "At high or critical risk",
          stroke: "text-critical",
          points: at((d) => (d.at_risk.critical ?? 0) + (d.at_risk.high ?? 0)),
        },
        {
          name: "Expected to leave in 30 days",
          stroke: "text-accent",
          dashed: true,
          points: at((d) => d.expected_departures_30d ?? null),
        },
      ]}
      shown={count}
      height={180}
    />
  );
}
