/** An intervention in short: what, for whom, why, and the time left on its clock. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { words } from "@/format/word";
import { Due } from "./due";

interface TaskRowProps {
  task: Schemas["Intervention"];
  /** Of its tutor, where it is known. */
  name: string | undefined;
}

export function TaskRow({ task, name }: TaskRowProps): ReactNode {
  return (
    <li className="flex items-center gap-3 border-t border-line px-4 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">
          {task.title}
          <span className="font-normal text-muted">{" · "}</span>
          <Link
            to="/tutors/$tutorId"
            params={{ tutorId: task.tutor_id }}
            className="underline decoration-line-strong underline-offset-2"
          >
            {name ?? task.tutor_id}
          </Link>
        </p>
        <p className="truncate text-xs text-muted">
          {words(task.status)} · {task.why}
        </p>
      </div>
      <Due at={task.due_at} overdue={task.overdue} />
    </li>
  );
}
