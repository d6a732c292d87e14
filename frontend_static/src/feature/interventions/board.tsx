/** The work queue: by owner and deadline, moved one by one or several at once. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Schemas } from "@/api/client";
import { failure } from "@/api/problem";
import { type InterventionFilter, interventionPages } from "@/api/query";
import { useApi } from "@/api/use-api";
import { count, decimal } from "@/format/number";
import { roleTitle, words } from "@/format/word";
import { Due } from "@/intervention/due";
import { assignable, MoveDialog, MoveMenu, REASSIGN, whose } from "@/intervention/move-menu";
import { type Order, useMove } from "@/intervention/use-move";
import { usePerson } from "@/session/use-session";
import { Badge, type Tone } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { classNames } from "@/ui/class-names";
import { Select } from "@/ui/select";
import { Empty, Failed, Loading, Tally } from "@/ui/state";
import { useChangedTint } from "@/ui/use-changed";
import { STATUSES, type WorkSearch, workSearch } from "./search";

const route = getRouteApi("/interventions");
const ANY = "";
const OWNERS = ["ops_manager", "people_ops", "system"] as const;

export const STATUS_TONES: Record<Schemas["Intervention"]["status"], Tone> = {
  pending: "medium",
  in_progress: "accent",
  snoozed: "neutral",
  completed: "good",
  cancelled: "neutral",
};

export function Board(): ReactNode {
  const search = route.useSearch({ select: asSearch, structuralSharing: true });
  const navigate = route.useNavigate();
  const me = usePerson();
  const work = useInfiniteQuery(interventionPages(useApi(), asked(search)));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // By id: what is moved between two pages may stand on both.
  const listed = work.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  const tasks = [...new Map(listed.map((task) => [task.intervention_id, task])).values()];
  const nameOf = Object.assign(
    {},
    ...(work.data?.pages.map((page) => page.tutor_names) ?? []),
  ) as Record<string, string | undefined>;
  const total = work.data?.pages[0]?.total;
  const givable = tasks.filter(assignable);

  function change(next: Partial<Record<keyof WorkSearch, string | true | undefined>>): void {
    setChosen(new Set());
    void navigate({
      search: (now) => workSearch({ ...now, ...next }),
      resetScroll: false,
    });
  }

  return (
    <>
      <title>Interventions · Tutor Quality</title>
      <div className="flex flex-wrap items-center justify-between gap-3 pt-6 pb-4">
        <h1 className="text-xl font-semibold tracking-tight">Interventions</h1>
        <Tally>
          {total === undefined
            ? work.isError
              ? ""
              : "Loading…"
            : `${count(total)} ${search.status ? words(search.status).toLowerCase() : "open"}`}
        </Tally>
      </div>
      <Card flush>
        <div className="flex flex-wrap items-center gap-2 border-b border-line p-3">
          <Select
            label="Owner"
            value={search.owner ?? ANY}
            options={[
              { value: ANY, label: "Every owner" },
              { value: me.name, label: "Assigned to me" },
              ...OWNERS.map((value) => ({ value, label: roleTitle(value) })),
              ...(search.owner &&
              search.owner !== me.name &&
              !OWNERS.some((one) => one === search.owner)
                ? [{ value: search.owner, label: search.owner }]
                : []),
            ]}
            onChange={(owner) => {
              change({ owner });
            }}
          />
          <Select
            label="Status"
            value={search.status ?? ANY}
            options={[
              { value: ANY, label: "Open" },
              ...STATUSES.map((value) => ({ value, label: words(value) })),
            ]}
            onChange={(status) => {
              change({ status });
            }}
          />
          <Select
            label="Order"
            value={search.sort ?? "due"}
            options={[
              { value: "due", label: "Next deadline first" },
              { value: "benefit", label: "Most benefit an hour first" },
            ]}
            onChange={(sort) => {
              change({ sort: sort === "benefit" ? sort : undefined });
            }}
          />
          <label className="inline-flex h-9 items-center gap-2 pointer-coarse:h-11">
            <input
              type="checkbox"
              className="size-4 accent-accent"
              checked={search.overdue ?? false}
              onChange={(event) => {
                change({ overdue: event.target.checked || undefined });
              }}
            />
            Overdue only
          </label>
          {givable.length > 1 && (
            <label className="inline-flex h-9 items-center gap-2 pointer-coarse:h-11">
              <input
                type="checkbox"
                className="size-4 accent-accent"
                checked={givable.every((task) => chosen.has(task.intervention_id))}
                onChange={(event) => {
                  const all = givable.map((task) => task.intervention_id);
                  setChosen(new Set(event.target.checked ? all : []));
                }}
              />
              Choose all {count(givable.length)} here
            </label>
          )}
          <BulkAssign
            tasks={givable.filter((task) => chosen.has(task.intervention_id))}
            onDone={() => {
              setChosen(new Set());
            }}
          />
        </div>
        {work.data ? (
          tasks.length ? (
            <>
              {/* While others are asked for, those of before are shown as such. */}
              <ul
                aria-busy={work.isPlaceholderData}
                className={work.isPlaceholderData ? "opacity-50" : undefined}
              >
                {tasks.map((task) => (
                  <TaskLine
                    key={task.intervention_id}
                    task={task}
                    name={nameOf[task.tutor_id] ?? task.tutor_id}
                    chosen={chosen.has(task.intervention_id)}
                    onChoose={(on) => {
                      const next = new Set(chosen);
                      if (on) next.add(task.intervention_id);
                      else next.delete(task.intervention_id);
                      setChosen(next);
                    }}
                  />
                ))}
              </ul>
              {work.hasNextPage && (
                <div className="flex justify-center p-3">
                  <Button
                    disabled={work.isFetchingNextPage}
                    onClick={() => void work.fetchNextPage()}
                  >
                    Show more
                  </Button>
                </div>
              )}
            </>
          ) : (
            <Empty title="Nothing to do here">No intervention passes these filters.</Empty>
          )
        ) : work.isError ? (
          <Failed {...failure(work)} />
        ) : (
          <Loading what="interventions" rows={12} className="min-h-dvh p-4" />
        )}
      </Card>
    </>
  );
}

/** As the API takes it. */
function asked({ status, ...search }: WorkSearch): InterventionFilter {
  return { ...search, ...(status && { status: [status] }) };
}

function asSearch(said: object): WorkSearch {
  return workSearch({ ...said });
}

function BulkAssign({
  tasks,
  onDone,
}: {
  tasks: Schemas["Intervention"][];
  onDone: () => void;
}): ReactNode {
  const me = usePerson();
  const move = useMove();
  const [asking, setAsking] = useState(false);
  if (!tasks.length) return null;
  function assign(order: Order): void {
    move.mutate(tasks.map((task) => ({ task, action: "reassign", order })));
    setAsking(false);
    onDone();
  }
  return (
    <div className="ml-auto flex gap-2">
      <Button
        onClick={() => {
          setAsking(true);
        }}
      >
        Assign {count(tasks.length)} to…
      </Button>
      <Button
        look="primary"
        onClick={() => {
          assign({ assignee: me.name });
        }}
      >
        Assign {count(tasks.length)} to me
      </Button>
      {asking && (
        <MoveDialog
          rule={REASSIGN}
          of={`${count(tasks.length)} intervention${tasks.length > 1 ? "s" : ""}`}
          onClose={() => {
            setAsking(false);
          }}
          onMove={assign}
        />
      )}
    </div>
  );
}

interface TaskLineProps {
  task: Schemas["Intervention"];
  /** Of its tutor. */
  name: string;
  chosen: boolean;
  onChoose: (on: boolean) => void;
}

function TaskLine({ task, name, chosen, onChoose }: TaskLineProps): ReactNode {
  const tint = useChangedTint(task.version);
  return (
    <li
      className={classNames(
        "grid grid-cols-[auto_minmax(0,1fr)_auto] items-start gap-x-3 gap-y-1 border-b border-line px-3 py-2.5 last:border-b-0 md:grid-cols-[auto_minmax(0,1fr)_10rem_9rem_auto] md:items-center",
        tint,
      )}
    >
      <label className="-m-2 flex size-8 items-center justify-center pointer-coarse:-m-3 pointer-coarse:size-11">
        <input
          type="checkbox"
          aria-label={`Choose ${task.title} of ${name}`}
          checked={chosen}
          disabled={!assignable(task)}
          onChange={(event) => {
            onChoose(event.target.checked);
          }}
          className="size-4 accent-accent"
        />
      </label>
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2">
          <Link
            to="/tutors/$tutorId"
            params={{ tutorId: task.tutor_id }}
            className="font-medium hover:underline"
          >
            {name}
          </Link>
          <span>{task.title}</span>
          <Badge tone={STATUS_TONES[task.status]}>{words(task.outcome ?? task.status)}</Badge>
          {task.opinion && <Badge>{words(task.opinion)}</Badge>}
        </p>
        <p className="text-xs text-muted">
          {task.why}
          {task.benefit_per_hour !== null &&
            ` · ${decimal(task.benefit_per_hour * 100)} departures prevented in 100 hours`}
        </p>
      </div>
      <p className="text-xs max-md:col-start-2">
        <span className={task.assignee ? undefined : "text-muted"}>{whose(task)}</span>
      </p>
      <span className="max-md:col-start-2">
        <Due task={task} />
      </span>
      <span className="max-md:col-start-3 max-md:row-start-1">
        <MoveMenu task={task} name={name} />
      </span>
    </li>
  );
}
