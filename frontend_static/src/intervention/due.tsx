/** The time left on a clock, with the moment it ends at hovering. */
import type { ReactNode } from "react";
import { relative, timeOf, utcOf } from "@/format/time";
import { classNames } from "@/ui/class-names";
import { Icon } from "@/ui/icon";
import { useNow } from "@/ui/time";

const SOON_MS = 24 * 3600 * 1000;

export function Due({ at, overdue }: { at: string | null; overdue: boolean }): ReactNode {
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
