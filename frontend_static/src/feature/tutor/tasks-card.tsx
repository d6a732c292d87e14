/** What is being done for the tutor, and what was. */
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { roleTitle, words } from "@/format/word";
import { Due } from "@/intervention/due";
import { MoveMenu } from "@/intervention/move-menu";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { Empty } from "@/ui/state";
import { Ago } from "@/ui/time";

export function TasksCard({ tasks }: { tasks: readonly Schemas["Intervention"][] }): ReactNode {
  return (
    <Card title="Interventions">
      {tasks.length ? (
        <ul className="-my-1">
          {tasks.map((task) => (
            <li key={task.intervention_id} className="border-t border-line py-3 first:border-t-0">
              <div className="flex items-start gap-2">
                <div className="min-w-0 flex-1">
                  <p className="flex flex-wrap items-center gap-2">
                    <span className="font-medium">{task.title}</span>
                    <Badge>{words(task.status)}</Badge>
                    <Due at={task.due_at} overdue={task.overdue} />
                  </p>
                  <p>{task.what}</p>
                  <p className="text-xs text-muted">
                    {task.why} {task.assignee ?? `${roleTitle(task.owner)}, unassigned`}
                  </p>
                </div>
                {task.owner !== "system" && <MoveMenu task={task} />}
              </div>
              <Steps steps={task.steps} />
            </li>
          ))}
        </ul>
      ) : (
        <Empty title="Nothing is open">What the rules find due appears here by itself.</Empty>
      )}
    </Card>
  );
}

function Steps({ steps }: { steps: readonly Schemas["Step"][] }): ReactNode {
  return (
    <details className="mt-1">
      <summary className="cursor-pointer text-xs text-muted hover:text-ink">
        History ({steps.length})
      </summary>
      <ol className="mt-1 border-l border-line pl-3 text-xs">
        {steps.map((step) => (
          <li key={`${step.at}${step.action}`} className="py-0.5">
            <span className="text-muted">
              <Ago at={step.at} /> · {step.who} ·{" "}
            </span>
            {words(step.action)}
            {step.said && <span>: {step.said}</span>}
          </li>
        ))}
      </ol>
    </details>
  );
}
