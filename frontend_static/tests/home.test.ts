import { expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { kpis } from "@/feature/home/kpis";

function night(date: string, critical: number): Schemas["TrendDay"] {
  return { date, at_risk: { critical } } as unknown as Schemas["TrendDay"];
}

test("a change is told with the days it took, however young the marketplace", () => {
  const trend = [night("2026-11-20", 3), night("2026-11-21", 4), night("2026-11-22", 5)];

  const [atRisk] = kpis({ tutors: 10, trend } as unknown as Schemas["Overview"]);

  expect(atRisk?.change).toMatchObject({ by: 2, days: 2 });
});

test("an insight that comes later than promised after its session stands out", () => {
  const latency = { n: 9, receipt_p95: 3, session_end_p95: 5812 };

  const found = kpis({ insight_latency_seconds: latency } as unknown as Schemas["Overview"]);

  expect(found.at(-1)).toMatchObject({ value: "2 h", bad: true });
});
