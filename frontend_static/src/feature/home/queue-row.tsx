/** A tutor at risk in one line: how high, why, what is recommended, and to take it on. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { useFlagTitle } from "@/api/names";
import { automated } from "@/intervention/automated";
import { useMove } from "@/intervention/use-move";
import { chance, count } from "@/format/number";
import { usePerson } from "@/session/use-session";
import { Badge, RiskBadge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { classNames } from "@/ui/class-names";
import { Skeleton } from "@/ui/state";
import { useChangedTint } from "@/ui/use-changed";

interface QueueRowProps {
  row: Schemas["TutorListItem"];
  /** What is recommended first; null where nothing is, undefined while it is on its way. */
  task: Schemas["Intervention"] | null | "unknown" | undefined;
}

export function QueueRow({ row, task }: QueueRowProps): ReactNode {
  const title = useFlagTitle();
  const tint = useChangedTint(row.updated_at);
  return (
    <li
      className={classNames(
        "flex min-h-17 flex-wrap items-center gap-x-3 gap-y-2 border-t border-line px-4 py-2.5",
        tint,
      )}
    >
      <span className="w-9 text-right text-lg font-semibold">{count(row.churn_score)}</span>
      <div className="min-w-0 flex-1 basis-52">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
          <Link
            to="/tutors/$tutorId"
            params={{ tutorId: row.tutor_id }}
            className="font-medium hover:underline"
          >
            {row.name ?? row.tutor_id}
          </Link>
          <RiskBadge level={row.risk_level} />
          {row.override && (
            <Badge tone="accent" title="The list goes by the computed score">
              Overridden: {count(row.override.score)}, {row.override.risk_level}
            </Badge>
          )}
        </p>
        <p className="text-xs text-muted">{why(row, title)}</p>
      </div>
      <div className="flex h-8 basis-full items-center gap-2 pl-12 sm:basis-60 sm:justify-end sm:pl-0">
        <Recommended task={task} />
      </div>
    </li>
  );
}

/**
 * One flag in short, so that all stands in one line, of the confirmed ones where there are any, since
 * only those are sure; then the model's chance.
 */
export function why(row: Schemas["TutorListItem"], title: (code: string) => string): string {
  const sure = row.confirmed_flags.map(title);
  const maybe = row.flags.filter((flag) => !row.confirmed_flags.includes(flag));
  const told = sure.length ? sure : maybe.map((flag) => `${title(flag)} (provisional)`);
  const flags = told.length > 1 ? [`${told[0] ?? ""} and ${count(told.length - 1)} more`] : told;
  const within = row.probabilities["30d"];
  const leaves = within == null ? [] : [`${chance(within)} to leave in 30 days`];
  return [...flags, ...leaves].join(" · ") || "No flag; the score adds up from small signs";
}

function Recommended({ task }: Pick<QueueRowProps, "task">): ReactNode {
  const me = usePerson();
  const move = useMove();
  if (task === undefined) return <Skeleton className="h-4 w-32" />;
  if (task === "unknown")
    return <span className="text-xs text-muted">Its interventions could not be shown</span>;
  if (task === null) return <span className="text-xs text-faint">Nothing recommended yet</span>;
  if (automated(task))
    return (
      <span className="flex-1 text-xs text-muted sm:text-right">
        {task.title}
        <span className="block">runs by itself</span>
      </span>
    );
  return (
    <>
      <span className="flex-1 text-xs sm:text-right">
        {task.title}
        <span className="block text-muted">
          {task.assignee ? `with ${task.assignee}` : "unassigned"}
        </span>
      </span>
      {task.assignee !== me.name && (
        <Button
          small
          disabled={move.isPending}
          onClick={() => {
            move.mutate([{ task, action: "reassign", order: { assignee: me.name } }]);
          }}
        >
          Assign to me
        </Button>
      )}
    </>
  );
}
