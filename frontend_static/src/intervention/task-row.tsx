/** An intervention in one line, with the time left on its clock. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { useTutorName } from "@/api/names";
import { words } from "@/format/word";
import { Due } from "./due";

export function TaskRow({ task }: { task: Schemas["Intervention"] }): ReactNode {
  const nameOf = useTutorName();
  return (
    <li className="flex items-center gap-3 border-t border-line px-4 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">
          {task.title}
          <span className="font-normal text-muted"> · {words(task.status)}</span>
        </p>
        <p className="truncate text-xs text-muted">
          <Link
            to="/tutors/$tutorId"
            params={{ tutorId: task.tutor_id }}
            className="text-ink underline decoration-line-strong underline-offset-2"
          >
            {nameOf(task.tutor_id)}
          </Link>
          {" · "}
          {task.why}
        </p>
      </div>
      <Due at={task.due_at} overdue={task.overdue} />
    </li>
  );
}
