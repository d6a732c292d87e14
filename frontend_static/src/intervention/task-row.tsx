/** An intervention in short: for whom, what, why, and the time left on its clock. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { words } from "@/format/word";
import { classNames } from "@/ui/class-names";
import { useChangedTint } from "@/ui/use-changed";
import { Due } from "./due";

interface TaskRowProps {
  task: Schemas["Intervention"];
  /** Of its tutor, where it is known. */
  name: string | undefined;
}

export function TaskRow({ task, name }: TaskRowProps): ReactNode {
  const tint = useChangedTint(task.version);
  return (
    <li className={classNames("flex items-center gap-3 border-t border-line px-4 py-2.5", tint)}>
      <div className="min-w-0 flex-1">
        <p className="truncate">
          <Link
            to="/tutors/$tutorId"
            params={{ tutorId: task.tutor_id }}
            className="font-medium hover:underline"
          >
            {name ?? task.tutor_id}
          </Link>
          <span className="text-muted"> · {task.title}</span>
        </p>
        <p className="truncate text-xs text-muted">
          {words(task.status)} · {task.why}
        </p>
      </div>
      <Due task={task} />
    </li>
  );
}
