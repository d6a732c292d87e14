/** The time left on a clock, when a snooze ends, or when it was over; the moment itself hovers. */
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { relative, timeOf, utcOf } from "@/format/time";
import { classNames } from "@/ui/class-names";
import { Icon } from "@/ui/icon";
import { Ago, Time, useNow } from "@/ui/time";

const SOON_MS = 24 * 3600 * 1000;

type Timed = Pick<
  Schemas["Intervention"],
  "status" | "due_at" | "overdue" | "snoozed_until" | "resolved_at"
>;

export function Due({ task }: { task: Timed }): ReactNode {
  if (task.resolved_at)
    return (
      <span className="text-xs text-muted">
        ended <Ago at={task.resolved_at} />
      </span>
    );
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <Clock at={task.due_at} overdue={task.overdue} />
      {task.status === "snoozed" && task.snoozed_until && (
        <span className="text-xs whitespace-nowrap text-muted">
          asleep until <Time at={task.snoozed_until} as="date" />
        </span>
      )}
    </span>
  );
}

function Clock({ at, overdue }: { at: string | null; overdue: boolean }): ReactNode {
  const now = useNow();
  if (!at) return <span className="text-xs text-faint">No deadline</span>;
  const soon = Date.parse(at) - now < SOON_MS;
  return (
    <time
      dateTime={at}
      title={`${timeOf(at)} · ${utcOf(at)}`}
      className={classNames(
        "inline-flex items-center gap-1 text-xs whitespace-nowrap",
        overdue ? "font-medium text-critical" : soon ? "text-high" : "text-muted",
      )}
    >
      <Icon name="clock" className="size-3.5" />
      {overdue ? `overdue, ${relative(at, now)}` : `due ${relative(at, now)}`}
    </time>
  );
}
