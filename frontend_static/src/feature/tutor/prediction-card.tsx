/** What the churn model says, how sure it is, and what pushes it. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { model } from "@/api/query";
import { useApi } from "@/api/use-api";
import { Interval } from "@/chart/bar";
import { chance, percent, signed } from "@/format/number";
import { Card } from "@/ui/card";
import { Empty } from "@/ui/state";
import { Ago } from "@/ui/time";

const HORIZONS = [
  ["1d", 1, "1 day"],
  ["7d", 7, "7 days"],
  ["30d", 30, "30 days"],
  ["90d", 90, "90 days"],
] as const;

export function PredictionCard({ prediction }: { prediction: Schemas["Prediction"] }): ReactNode {
  const inForce = useQuery(model(useApi())).data?.in_force;
  if (prediction.note) {
    return (
      <Card title="Chance to leave">
        <Empty title={prediction.note} />
      </Card>
    );
  }
  return (
    <Card
      title="Chance to leave within"
      aside={
        prediction.as_of && (
          <>
            predicted <Ago at={prediction.as_of} />
          </>
        )
      }
    >
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-4">
        {HORIZONS.map(([name, days, title]) => (
          <Horizon
            key={name}
            title={title}
            value={prediction.probabilities[name] ?? null}
            bin={binOf(inForce, days, prediction.probabilities[name])}
          />
        ))}
      </dl>
      <h3 className="mt-5 mb-1 text-xs font-medium">What pushes it most, over 30 days</h3>
      <Factors factors={prediction.factors ?? []} />
      <p className="mt-3 text-xs text-muted">
        Bars show how many of the tutors with alike predictions left when the model was tested, with
        95 %; there is none where too few had such a prediction, or their time is not over yet.{" "}
        <Link to="/model" className="text-accent underline">
          How far the model can be trusted
        </Link>
      </p>
    </Card>
  );
}

type Bin = Schemas["ReliabilityBin"];

/** Tutors count as alike whose chance was within this factor, or this near. */
const ALIKE = 1.5;
const NEAR = 0.01;

/**
 * What came of tutors who were given about the same chance, on data the model never saw; beyond the
 * highest group of them, what came of that.
 */
export function binOf(
  inForce: Schemas["ModelInForce"] | null | undefined,
  days: number,
  value: number | null | undefined,
): Bin | null {
  const bins = inForce?.evaluations.find((one) => one.horizon_days === days)?.reliability;
  if (!bins?.length || value == null) return null;
  const nearest = bins.reduce((best, bin) =>
    Math.abs(bin.mean_predicted - value) < Math.abs(best.mean_predicted - value) ? bin : best,
  );
  if (value > Math.max(...bins.map((bin) => bin.mean_predicted))) return nearest;
  const [less, more] = [nearest.mean_predicted, value].sort((a, b) => a - b) as [number, number];
  return more <= less * ALIKE || more - less <= NEAR ? nearest : null;
}

function Horizon({
  title,
  value,
  bin,
}: {
  title: string;
  value: number | null;
  bin: Bin | null;
}): ReactNode {
  return (
    <div>
      <dt className="text-xs text-muted">{title}</dt>
      <dd>
        <span className="text-xl font-semibold">{chance(value)}</span>
        {/* Its room is kept, since what the model is worth comes after the prediction. */}
        <div className="h-10">
          {bin && value !== null && (
            <>
              <Interval
                low={bin.low}
                high={bin.high}
                value={value}
                most={Math.max(bin.high, value) * 1.4 || 1}
                tone="fill-accent"
              />
              <span className="block text-2xs text-muted">
                {value > bin.mean_predicted * ALIKE ? "highest tenth" : "alike"}: {percent(bin.low)}{" "}
                to {percent(bin.high)} left
              </span>
            </>
          )}
        </div>
      </dd>
    </div>
  );
}

function Factors({ factors }: { factors: readonly Schemas["Factor"][] }): ReactNode {
  const most = Math.max(...factors.map((factor) => Math.abs(factor.contribution)), 0.01);
  return (
    <ul>
      {factors.map((factor) => (
        <li
          key={factor.feature}
          className="grid grid-cols-[minmax(0,1fr)_6rem_4.5rem] items-center gap-2 border-t border-line py-1.5"
        >
          <span>{factor.words}</span>
          <Push share={factor.contribution / most} />
          <span className="text-right text-xs text-muted">
            {factor.direction}{" "}
            <span className="sr-only">the risk by {signed(factor.contribution, 2)} log-odds</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** To the right what raises the risk, to the left what lowers it. */
function Push({ share }: { share: number }): ReactNode {
  const size = 50 * Math.abs(share);
  return (
    <svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true" className="h-3 w-full">
      <rect
        x={share < 0 ? 50 - size : 50}
        width={size}
        y="1"
        height="10"
        className={share < 0 ? "fill-good" : "fill-critical"}
      />
      <rect x="49.5" width="1" height="12" className="fill-line-strong" />
    </svg>
  );
}
