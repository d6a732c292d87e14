/** What is being done for the tutor, and what was. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Schemas } from "@/api/client";
import { failure } from "@/api/problem";
import { interventions } from "@/api/query";
import { useApi } from "@/api/use-api";
import { words } from "@/format/word";
import { Due } from "@/intervention/due";
import { MoveMenu, whose } from "@/intervention/move-menu";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { Empty, Failed, Skeleton } from "@/ui/state";
import { Ago } from "@/ui/time";

type Task = Schemas["Intervention"];
const ENDED_SHOWN = 100;

interface TasksCardProps {
  tutorId: string;
  /** The tutor's. */
  name: string;
  tasks: readonly Task[];
}

export function TasksCard({ tutorId, name, tasks }: TasksCardProps): ReactNode {
  return (
    <Card title="Interventions">
      {tasks.length ? (
        <ul className="-my-1">
          {tasks.map((task) => (
            <Line key={task.intervention_id} task={task} name={name} />
          ))}
        </ul>
      ) : (
        <Empty title="Nothing is open">What the rules find due appears here by itself.</Empty>
      )}
      <Ended tutorId={tutorId} name={name} />
    </Card>
  );
}

function Line({ task, name }: { task: Task; name: string }): ReactNode {
  return (
    <li className="border-t border-line py-3 first:border-t-0">
      <div className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-center gap-2">
            <span className="font-medium">{task.title}</span>
            <Badge>{words(task.outcome ?? task.status)}</Badge>
            <Due task={task} />
          </p>
          <p>{task.what}</p>
          <p className="text-xs text-muted">
            {task.why} {whose(task)}
          </p>
        </div>
        <MoveMenu task={task} name={name} />
      </div>
      <Steps steps={task.steps} />
    </li>
  );
}

/** Looked up when somebody wants to see it: most visits are about what is open. */
function Ended({ tutorId, name }: { tutorId: string; name: string }): ReactNode {
  const [wanted, setWanted] = useState(false);
  const found = useQuery({
    ...interventions(useApi(), {
      tutor_id: [tutorId],
      status: ["completed", "cancelled"],
      limit: ENDED_SHOWN,
    }),
    enabled: wanted,
  });
  return (
    <details
      className="mt-3 border-t border-line pt-3 print:hidden"
      onToggle={(event) => {
        setWanted(event.currentTarget.open);
      }}
    >
      <summary className="cursor-pointer text-muted hover:text-ink">
        Ended{found.data && ` (${String(found.data.total)})`}
      </summary>
      {found.isError && !found.data ? (
        <Failed {...failure(found)} />
      ) : !found.data ? (
        <Skeleton className="mt-2 h-16 w-full" />
      ) : found.data.items.length ? (
        <ul>
          {found.data.items.toReversed().map((task) => (
            <Line key={task.intervention_id} task={task} name={name} />
          ))}
        </ul>
      ) : (
        <p className="mt-2 text-muted">None has ended yet.</p>
      )}
    </details>
  );
}

function Steps({ steps }: { steps: readonly Schemas["Step"][] }): ReactNode {
  return (
    <details className="mt-1">
      <summary className="cursor-pointer text-xs text-muted hover:text-ink pointer-coarse:py-3.5 print:hidden">
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
