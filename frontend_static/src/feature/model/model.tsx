/** How far the churn model can be trusted: reliability, measures, the gate's decisions, drift. */
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Schemas } from "@/api/client";
import { failure } from "@/api/problem";
import { interventionAnalytics, model, overrideAnalytics } from "@/api/query";
import { useApi } from "@/api/use-api";
import { Reliability } from "@/chart/reliability";
import { count, decimal, percent } from "@/format/number";
import { words } from "@/format/word";
import { seesTutors } from "@/session/session";
import { usePerson } from "@/session/use-session";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { Icon } from "@/ui/icon";
import { Scroll } from "@/ui/scroll";
import { Select } from "@/ui/select";
import { Empty, Failed, Loading } from "@/ui/state";
import { Ago, Time } from "@/ui/time";

const DRIFTED_SHOWN = 8;
const DECISIONS_SHOWN = 8;

export function ModelPage(): ReactNode {
  const found = useQuery(model(useApi()));
  return (
    <>
      <title>Model · Tutor Quality</title>
      <h1 className="pt-6 pb-4 text-xl font-semibold tracking-tight">Churn model</h1>
      {found.data ? (
        <Told model={found.data} />
      ) : found.isError ? (
        <Failed {...failure(found)} />
      ) : (
        <Loading what="the model" rows={16} className="min-h-dvh" />
      )}
    </>
  );
}

function Told({
  model: { in_force: inForce, note, decisions, health },
}: {
  model: Schemas["Model"];
}): ReactNode {
  const sees = seesTutors(usePerson());
  const effects = useQuery({ ...interventionAnalytics(useApi()), enabled: sees });
  const unsized = sees && effects.isPending; // nobody knows how many rows come
  return (
    <div className="flex flex-col gap-4">
      {inForce ? (
        <InForce inForce={inForce} />
      ) : (
        <Card>
          <Empty title={note ?? "There is no model yet"} />
        </Card>
      )}
      <div className="grid gap-4 lg:grid-cols-2">
        <Decisions decisions={decisions} />
        <Health health={health} />
      </div>
      {sees && <Effects found={effects} />}
      {!unsized && <Overrides />}
    </div>
  );
}

function InForce({ inForce }: { inForce: Schemas["ModelInForce"] }): ReactNode {
  const horizons = inForce.evaluations.map((one) => one.horizon_days);
  const [days, setDays] = useState(horizons.includes(30) ? 30 : (horizons[0] ?? 30));
  const shown = inForce.evaluations.find((one) => one.horizon_days === days);
  return (
    <Card
      title="In force"
      aside={
        <Select
          label="Horizon"
          value={String(days)}
          options={horizons.map((one) => ({
            value: String(one),
            label: inDays(one),
          }))}
          onChange={(next) => {
            setDays(Number(next));
          }}
        />
      }
    >
      <p className="text-muted">
        {inForce.version}, in force since <Time at={inForce.since} as="date" />. It learned from{" "}
        {count(inForce.tutors)} tutors, {count(inForce.rows)} tutor-days,{" "}
        <Time at={inForce.train_from} as="date" /> to <Time at={inForce.train_until} as="date" />,
        and is tested on what came after.
      </p>
      {shown ? (
        <div className="mt-4 grid gap-6 lg:grid-cols-2">
          <div>
            <h3 className="mb-2 text-xs font-medium">What was predicted, and what came</h3>
            <Reliability bins={shown.reliability} />
          </div>
          <MeasuresTable evaluation={shown} />
        </div>
      ) : (
        <Empty title="Nothing has been tested yet at this horizon" />
      )}
    </Card>
  );
}

function inDays(n: number): string {
  return n === 1 ? "1 day" : `${String(n)} days`;
}

const NAMES: Record<string, string> = {
  promoted: "In force",
  xgboost: "XGBoost",
  logistic: "Logistic regression",
  recency: "One-line rule",
  ceiling: "Best possible",
};

function MeasuresTable({ evaluation }: { evaluation: Schemas["Evaluation"] }): ReactNode {
  const names = Object.keys(NAMES).filter((name) => evaluation.measures[name]);
  const base = evaluation.measures.promoted;
  return (
    <Scroll label="Measures">
      <h3 className="mb-2 text-xs font-medium">On tutors and days it never saw</h3>
      <table className="w-full">
        <thead className="text-xs text-muted">
          <tr>
            <th scope="col" className="pb-1 text-left font-normal">
              Model
            </th>
            <th
              scope="col"
              className="pb-1 pl-3 text-right font-normal"
              title="0.5 is chance, 1 is perfect ranking"
            >
              AUC
            </th>
            <th
              scope="col"
              className="pb-1 pl-3 text-right font-normal"
              title="Better than always saying the base rate"
            >
              Skill
            </th>
            <th
              scope="col"
              className="pb-1 pl-3 text-right font-normal"
              title="How far chances are off on average"
            >
              Off by
            </th>
            <th
              scope="col"
              className="pb-1 pl-3 text-right font-normal"
              title="Of the tenth at highest risk, how many left"
            >
              Top 10 %
            </th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => {
            const one = evaluation.measures[name];
            return one ? (
              <tr key={name} className="border-t border-line">
                <th scope="row" className="py-1.5 text-left font-normal">
                  {NAMES[name]}
                </th>
                <td
                  className="py-1.5 pl-3 text-right"
                  title={`95 % between ${String(one.auc_low)} and ${String(one.auc_high)}`}
                >
                  {one.auc?.toFixed(2) ?? "–"}
                </td>
                <td className="py-1.5 pl-3 text-right">{percent(one.brier_skill)}</td>
                <td className="py-1.5 pl-3 text-right">{percent(one.calibration_error)}</td>
                <td className="py-1.5 pl-3 text-right">{percent(one.precision_at_10)}</td>
              </tr>
            ) : null;
          })}
        </tbody>
      </table>
      {base && (
        <p className="mt-2 text-xs text-muted">
          {count(base.rows)} tutor-days of {count(base.tutors)} tutors; {percent(base.base_rate)}{" "}
          left within {inDays(evaluation.horizon_days)}.
        </p>
      )}
    </Scroll>
  );
}

function Decisions({ decisions }: { decisions: readonly Schemas["Decision"][] }): ReactNode {
  return (
    <Card title="What the gate decided">
      {decisions.length ? (
        <ul>
          {decisions.slice(0, DECISIONS_SHOWN).map((one) => (
            <li key={one.decided_at} className="border-t border-line py-2 first:border-t-0">
              <details className="group">
                <summary className="flex cursor-pointer flex-wrap items-center gap-2">
                  <Badge tone={one.promoted ? "good" : "neutral"}>
                    {one.promoted ? "put in force" : "kept"}
                  </Badge>
                  <span className="min-w-0 flex-1">{one.reasons[0]}</span>
                  <span className="text-xs text-muted">
                    <Ago at={one.decided_at} />
                  </span>
                  <Icon name="down" className="size-3.5 text-muted group-open:rotate-180" />
                </summary>
                <ul className="mt-1 list-disc pl-5 text-xs text-muted">
                  {one.reasons.slice(1).map((reason) => (
                    <li key={reason}>{reason}</li>
                  ))}
                </ul>
              </details>
            </li>
          ))}
        </ul>
      ) : (
        <Empty title="No decision yet">A challenger is trained each night at 02:00 UTC.</Empty>
      )}
    </Card>
  );
}

function Health({ health }: { health: Schemas["ModelHealth"] | null }): ReactNode {
  const drifted = health?.drift.filter((one) => one.drifted) ?? [];
  return (
    <Card
      title="How it fares"
      aside={
        health && (
          <>
            checked <Ago at={health.checked_at} />
          </>
        )
      }
    >
      {health ? (
        <>
          <ul>
            {health.realised.map((one) => (
              <li
                key={one.horizon_days}
                className="flex justify-between gap-4 border-t border-line py-1.5 first:border-t-0"
              >
                <span>Within {inDays(one.horizon_days)}</span>
                <span className="text-right">
                  predicted {percent(one.predicted)}, came {percent(one.observed)}
                  <span className="block text-xs text-muted">
                    95 % {percent(one.low)} to {percent(one.high)}
                  </span>
                </span>
              </li>
            ))}
          </ul>
          <p className="mt-3">
            {drifted.length
              ? `${count(drifted.length)} of ${count(health.drift.length)} features have moved since training, by their stability index:`
              : `None of ${count(health.drift.length)} features has moved beyond chance since training.`}
          </p>
          <ul className="mt-1 list-disc pl-5 text-xs text-muted">
            {drifted.slice(0, DRIFTED_SHOWN).map((one) => (
              <li key={one.feature}>
                {words(one.feature)}: {decimal(one.stability_index)} (chance alone{" "}
                {decimal(one.noise)})
              </li>
            ))}
            {drifted.length > DRIFTED_SHOWN && <li>and {drifted.length - DRIFTED_SHOWN} more</li>}
          </ul>
        </>
      ) : (
        <Empty title="Not checked yet" />
      )}
    </Card>
  );
}

function Effects({
  found,
}: {
  found: UseQueryResult<Schemas["InterventionAnalytics"]>;
}): ReactNode {
  return (
    <Card title="What interventions do" aside="against tutors held out at random" flush>
      {found.data ? (
        <Scroll label="What each kind does" className="px-4 pb-4">
          <table className="w-full min-w-2xl">
            <thead className="text-xs text-muted">
              <tr>
                {["Kind", "Opened", "Accepted", "Completed", "Called useful", "What it does"].map(
                  (head, place) => (
                    <th
                      key={head}
                      scope="col"
                      className={
                        place && place < 5
                          ? "pb-1 pl-3 text-right font-normal"
                          : "pb-1 pl-3 text-left font-normal first:pl-0"
                      }
                    >
                      {head}
                    </th>
                  ),
                )}
              </tr>
            </thead>
            <tbody>
              {(found.data.items ?? []).map((one) => (
                <tr key={one.kind} className="border-t border-line align-top">
                  <th scope="row" className="py-1.5 text-left font-normal whitespace-nowrap">
                    {one.title}
                  </th>
                  <td className="py-1.5 text-right">{count(one.opened)}</td>
                  <td className="py-1.5 text-right">{count(one.accepted)}</td>
                  <td className="py-1.5 text-right">{count(one.completed)}</td>
                  <td className="py-1.5 text-right whitespace-nowrap">
                    {percent(one.useful.value)}{" "}
                    <span className="text-xs text-muted">of {count(one.useful.n)}</span>
                  </td>
                  <td className="py-1.5 pl-3 text-muted">{one.verdict}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : found.isError ? (
        <Failed {...failure(found)} />
      ) : (
        <Loading what="effects" rows={9} className="p-4" />
      )}
    </Card>
  );
}

function Overrides(): ReactNode {
  const found = useQuery(overrideAnalytics(useApi()));
  return (
    <Card title="Were managers right who overrode a score?">
      {found.data ? (
        <>
          <p>{found.data.both.verdict}</p>
          <p className="text-xs text-muted">
            {count(found.data.in_force)} in force, {count(found.data.ended)} ended,{" "}
            {count(found.data.waiting)} too young to be judged.
          </p>
        </>
      ) : found.isError ? (
        <Failed {...failure(found)} />
      ) : (
        <Loading what="overrides" rows={2} />
      )}
    </Card>
  );
}
