/** What an operations manager opens every morning: how it stands, whom to look at, what to do. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import type { Schemas } from "@/api/client";
import { failure } from "@/api/problem";
import { interventions, overview, worstTutors } from "@/api/query";
import { useApi } from "@/api/use-api";
import { count } from "@/format/number";
import { queueOf } from "@/session/session";
import { usePerson } from "@/session/use-session";
import { Card } from "@/ui/card";
import { classNames } from "@/ui/class-names";
import { Empty, Failed, Loading, Skeleton } from "@/ui/state";
import { Kpis } from "./kpis";
import { QueueRow } from "./queue-row";
import { automated } from "@/intervention/automated";
import { TaskRow } from "@/intervention/task-row";

/** Drawn last, and the only thing here that needs scales and axes. */
const Trend = lazy(() => import("./trend"));

export const WORST_SHOWN = 8;
const TASKS_SHOWN = 6;
/** As tall as what comes, so that what stands below never moves. */
const KPIS_ROOM = "h-108 sm:h-59 xl:h-31";
const QUEUE_ROOM = "h-[34rem]";
/** Of the chart and two lines of names, so that what stands below never moves. */
const TREND_ROOM = "min-h-56";
/** The room of a number that comes later. */
const REMAINS = "inline-block min-w-[3ch] text-right tabular-nums";

export function Home(): ReactNode {
  const api = useApi();
  const platform = useQuery(overview(api));
  return (
    <>
      <title>Home · Tutor Quality</title>
      <h1 className="pt-6 pb-4 text-xl font-semibold tracking-tight">Tutor health</h1>
      {platform.data ? (
        <Kpis platform={platform.data} />
      ) : platform.isError ? (
        <Failed
          {...failure(platform)}
          className={classNames(
            KPIS_ROOM,
            "rounded-lg border border-line bg-surface max-xl:flex-col",
          )}
        />
      ) : (
        <Skeleton className={KPIS_ROOM} />
      )}
      <div className="mt-4 grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Queue platform={platform.data} />
        <div className="flex min-w-0 flex-col gap-4">
          <Card title="Churn risk, 30 days">
            <div className={TREND_ROOM}>
              <Suspense fallback={<Skeleton className="h-50" />}>
                {platform.data ? (
                  <Trend days={platform.data.trend ?? []} />
                ) : platform.isError ? (
                  <Failed {...failure(platform)} />
                ) : (
                  <Skeleton className="h-50" />
                )}
              </Suspense>
            </div>
          </Card>
          <MyTasks />
        </div>
      </div>
    </>
  );
}

function Queue({ platform }: { platform: Schemas["Overview"] | undefined }): ReactNode {
  const worst = useQuery(worstTutors(useApi(), WORST_SHOWN));
  const shown = worst.data?.map((row) => row.tutor_id) ?? [];
  const open = useQuery({
    ...interventions(useApi(), { tutor_id: shown, limit: 200 }),
    enabled: shown.length > 0,
  });
  const atRisk = (platform?.at_risk?.critical ?? 0) + (platform?.at_risk?.high ?? 0);
  const tasks = new Map<string, Schemas["Intervention"]>();
  for (const task of open.data?.items ?? []) {
    // What a person has to do comes before what runs by itself.
    const known = tasks.get(task.tutor_id);
    if (!known || (automated(known) && !automated(task))) tasks.set(task.tutor_id, task);
  }
  return (
    <Card
      title="Tutors at risk"
      aside={
        <Link
          to="/tutors"
          search={{ risk: "critical,high" }}
          className="text-accent hover:underline"
        >
          All <span className={REMAINS}>{platform && count(atRisk)}</span>
        </Link>
      }
      flush
    >
      {worst.data ? (
        worst.data.length ? (
          <ul>
            {worst.data.map((row) => (
              <QueueRow
                key={row.tutor_id}
                row={row}
                task={
                  open.data && !open.isPlaceholderData
                    ? (tasks.get(row.tutor_id) ?? null)
                    : open.isError
                      ? "unknown"
                      : undefined
                }
              />
            ))}
          </ul>
        ) : (
          <Empty title="Nobody is at high risk">Lower risks are in the list of all tutors.</Empty>
        )
      ) : worst.isError ? (
        <Failed {...failure(worst)} className={classNames(QUEUE_ROOM, "flex-col")} />
      ) : (
        <Loading
          what="tutors at risk"
          rows={WORST_SHOWN}
          className={classNames(QUEUE_ROOM, "justify-around px-4 py-3")}
        />
      )}
    </Card>
  );
}

interface QueueLinkProps {
  owner: string;
  title: string;
  total: number | undefined;
}

function QueueLink({ owner, title, total }: QueueLinkProps): ReactNode {
  return (
    <Link to="/interventions" search={{ owner }} className="text-accent hover:underline">
      {title} <span className={REMAINS}>{total !== undefined && count(total)}</span>
    </Link>
  );
}

function MyTasks(): ReactNode {
  const me = usePerson();
  const mine = useQuery(interventions(useApi(), { owner: me.name, limit: TASKS_SHOWN }));
  const role = queueOf(me);
  const ours = useQuery({
    ...interventions(useApi(), { owner: role ?? "ops_manager", limit: TASKS_SHOWN }),
    enabled: role !== undefined,
  });
  const failed = [mine, ours].find((asked) => asked.isError);
  // What is assigned to oneself first; then what anybody of one's role may take.
  const own = mine.data?.items ?? [];
  const names = new Set(own.map((task) => task.intervention_id));
  const nameOf = { ...ours.data?.tutor_names, ...mine.data?.tutor_names };
  const shown = [...own, ...(ours.data?.items ?? []).filter((t) => !names.has(t.intervention_id))];
  return (
    <Card
      title="My interventions"
      aside={
        <span className="flex gap-3">
          <QueueLink owner={me.name} title="Mine" total={mine.data?.total} />
          {role && <QueueLink owner={role} title="Your team's" total={ours.data?.total} />}
        </span>
      }
      flush
    >
      {mine.data && (ours.data || !role) ? (
        shown.length ? (
          <ul>
            {shown.slice(0, TASKS_SHOWN).map((task) => (
              <TaskRow key={task.intervention_id} task={task} name={nameOf[task.tutor_id]} />
            ))}
          </ul>
        ) : (
          <Empty title="Nothing waits for you">New interventions appear here by themselves.</Empty>
        )
      ) : failed ? (
        <Failed {...failure(failed)} />
      ) : (
        <Loading what="interventions" rows={TASKS_SHOWN} className="px-4 py-3" />
      )}
    </Card>
  );
}
