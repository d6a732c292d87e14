/** A tutor at risk in one line: how high, why, what is recommended, and to take it on. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { useFlagTitle } from "@/api/names";
import { useMove } from "@/intervention/use-move";
import { chance, count } from "@/format/number";
import { usePerson } from "@/session/use-session";
import { Badge, RiskBadge } from "@/ui/badge";
import { Button } from "@/ui/button";

interface QueueRowProps {
  row: Schemas["TutorListItem"];
  task: Schemas["Intervention"] | undefined;
}

export function QueueRow({ row, task }: QueueRowProps): ReactNode {
  const title = useFlagTitle();
  return (
    <li className="flex min-h-17 flex-wrap items-center gap-x-3 gap-y-2 border-t border-line px-4 py-2.5">
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
          {row.override && <Badge tone="accent">Override {count(row.override.score)}</Badge>}
        </p>
        <p className="text-xs text-muted">{why(row, title)}</p>
      </div>
      <Recommended task={task} />
    </li>
  );
}

/** The confirmed flags first, since only those are sure; then the model's chance. */
export function why(row: Schemas["TutorListItem"], title: (code: string) => string): string {
  const sure = row.confirmed_flags.map(title);
  const maybe = row.flags.filter((flag) => !row.confirmed_flags.includes(flag));
  const told = sure.length ? sure : maybe.map((flag) => `${title(flag)} (provisional)`);
  const within = row.probabilities["30d"];
  const leaves = within == null ? [] : [`${chance(within)} to leave in 30 days`];
  return (
    [...told.slice(0, 3), ...leaves].join(" · ") || "No flag; the score adds up from small signs"
  );
}

function Recommended({ task }: { task: Schemas["Intervention"] | undefined }): ReactNode {
  const me = usePerson();
  const move = useMove();
  if (!task) return <span className="text-xs text-faint">Nothing recommended yet</span>;
  return (
    <span className="flex items-center gap-2">
      <span className="text-right text-xs">
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
            move.mutate({ task, action: "reassign", order: { assignee: me.name } });
          }}
        >
          Assign to me
        </Button>
      )}
    </span>
  );
}
