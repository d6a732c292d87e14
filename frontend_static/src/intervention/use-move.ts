/**
 * Moving an intervention: shown at once, taken back where the API refuses.
 *
 * The version that was seen goes along, so that two people can not undo each other unseen.
 */
import {
  type InfiniteData,
  type QueryKey,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useSay } from "@/ui/toast";
import { type Schemas, told } from "@/api/client";
import { ApiError, sentence } from "@/api/problem";
import { useApi } from "@/api/use-api";

type Task = Schemas["Intervention"];
export type Order = Partial<Schemas["MoveOrder"]>;
export type Action =
  "start" | "complete" | "cancel" | "snooze" | "wake" | "reassign" | "note" | "judge";

export interface Move {
  task: Task;
  action: Action;
  order?: Order;
}

const DONE: Record<Action, string> = {
  start: "Started",
  complete: "Completed",
  cancel: "Cancelled",
  snooze: "Snoozed",
  wake: "Woken",
  reassign: "Assigned",
  note: "Note added",
  judge: "Thank you for the verdict",
};

/** What the task will look like when the API has agreed. */
export function foreseen({ task, action, order }: Move): Task {
  switch (action) {
    case "start":
    case "wake":
      return { ...task, status: "in_progress" };
    case "complete":
      return { ...task, status: "completed", outcome: order?.outcome ?? null };
    case "cancel":
      return { ...task, status: "cancelled" };
    case "snooze":
      return { ...task, status: "snoozed", snoozed_until: order?.until ?? null };
    case "reassign":
      return { ...task, assignee: order?.assignee ?? null };
    case "judge":
      return { ...task, opinion: order?.opinion ?? null };
    case "note":
      return task;
  }
}

type List = Schemas["InterventionList"];

/** Where the version is kept that one's own last move made. */
function madeVersion(task: Task): QueryKey {
  return ["version", task.intervention_id];
}

export function useMove() {
  const api = useApi();
  const queries = useQueryClient();
  const say = useSay();

  function put(task: Task): void {
    const withTask = (items: readonly Task[] = []) =>
      items.map((one) => (one.intervention_id === task.intervention_id ? task : one));
    queries.setQueriesData<List | InfiniteData<List>>({ queryKey: ["interventions"] }, (known) => {
      if (!known) return known;
      if (!("pages" in known)) return { ...known, items: withTask(known.items) };
      return {
        ...known,
        pages: known.pages.map((page) => ({ ...page, items: withTask(page.items) })),
      };
    });
    queries.setQueryData<Schemas["TutorDetail"]>(
      ["tutor", task.tutor_id],
      (detail) =>
        detail && {
          ...detail,
          interventions: withTask(detail.interventions),
        },
    );
  }

  return useMutation({
    // One after the other, and each on the version that one's own last move made: whoever is quick
    // must not be in conflict with themselves.
    scope: { id: "moves" },
    mutationFn: async ({ task, action, order = {} }: Move) => {
      const mine = queries.getQueryData<number>(madeVersion(task)) ?? 0;
      const params = {
        path: { intervention_id: task.intervention_id },
        header: { "If-Match": `"${String(Math.max(task.version, mine))}"` },
      };
      return told(
        await api.POST(`/api/interventions/{intervention_id}/${action}`, {
          params,
          body: order as never,
        }),
      );
    },
    onMutate: async (move) => {
      const keys: QueryKey[] = [["interventions"], ["tutor", move.task.tutor_id]];
      await Promise.all(keys.map((queryKey) => queries.cancelQueries({ queryKey })));
      put(foreseen(move));
      return { before: move.task };
    },
    onSuccess: (task, { action }) => {
      queries.setQueryData(madeVersion(task), task.version);
      put(task);
      say.done(DONE[action]);
    },
    onError: (error, { task }, context) => {
      put(context?.before ?? task);
      const changed = error instanceof ApiError && [409, 412].includes(error.status);
      say.failed(
        changed ? "Somebody was quicker" : "That was not done",
        changed ? "The newest state is shown now; look at it before you go on." : sentence(error),
      );
    },
    onSettled: (_task, _error, { task }) => {
      void queries.invalidateQueries({ queryKey: ["interventions"] });
      void queries.invalidateQueries({ queryKey: ["tutor", task.tutor_id] });
    },
  });
}
