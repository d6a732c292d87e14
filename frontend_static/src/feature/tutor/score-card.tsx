/** The churn score and the parts that add up to it. */
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { Bar } from "@/chart/bar";
import { addingUp, count, decimal } from "@/format/number";
import { Badge, RISK_FILLS } from "@/ui/badge";
import { Card } from "@/ui/card";
import { Defined } from "@/ui/defined";
import { Time } from "@/ui/time";

export function ScoreCard({ detail }: { detail: Schemas["TutorDetail"] }): ReactNode {
  const { override } = detail;
  const parts = [...detail.churn_score_components].sort((a, b) => b.points - a.points);
  const points = addingUp(
    parts.map((part) => part.points),
    detail.churn_score,
  );
  const most = Math.max(25, ...parts.map((part) => Math.abs(part.points)));
  const fill = RISK_FILLS[detail.risk_level];
  return (
    <Card title="Churn score" aside="0 to 100; the parts add up to it">
      <p className="flex items-baseline gap-2">
        <span className="text-3xl font-semibold tracking-tight">{decimal(detail.churn_score)}</span>
        <span className="text-muted">of 100, {detail.risk_level} risk</span>
      </p>
      {override && (
        <div className="mt-2 rounded-md bg-accent-soft px-3 py-2">
          <p>
            <strong>Overridden to {count(override.score)}</strong> ({override.risk_level}) by{" "}
            {override.set_by}, until <Time at={override.until} />.
          </p>
          <p className="text-muted">“{override.reason}”</p>
        </div>
      )}
      <table className="mt-3 w-full">
        <caption className="sr-only">Parts of the churn score</caption>
        <thead className="sr-only">
          <tr>
            <th scope="col">Part</th>
            <th scope="col">Share</th>
            <th scope="col">Points</th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part, place) => (
            <tr key={part.name} className="border-t border-line">
              <th scope="row" className="py-1.5 pr-3 text-left font-normal">
                <Defined part="components" name={part.name}>
                  {part.title}
                </Defined>{" "}
                {!part.known && <Badge title="No data: a neutral value stands in">no data</Badge>}
              </th>
              <td className="w-1/4 py-1.5 align-middle">
                <Bar
                  value={Math.abs(part.points) / most}
                  tone={part.known && part.points > 0 ? fill : "fill-line-strong"}
                />
              </td>
              <td className="w-14 py-1.5 text-right">{decimal(points[place])}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr className="border-t border-line-strong font-medium">
            <th scope="row" className="py-1.5 text-left font-medium">
              Sum
            </th>
            <td />
            <td className="py-1.5 text-right">{decimal(detail.churn_score)}</td>
          </tr>
        </tfoot>
      </table>
    </Card>
  );
}
