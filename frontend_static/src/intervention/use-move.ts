/**
 * Moving interventions, one or several: shown at once, taken back where the API refuses.
 *
 * The version that was seen goes along, so that two people can not undo each other unseen.
 */
import {
  type InfiniteData,
  type QueryKey,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { count } from "@/format/number";
import { SignedOutError } from "@/session/session";
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

const AT_ONCE = 6;
const MOVING: QueryKey = ["moving"];
const SHOWN_BY: readonly QueryKey[] = [["interventions"], ["tutor"]];

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
    mutationKey: MOVING,
    mutationFn: async (moves: readonly Move[]) => {
      const refused: unknown[] = [];
      const waiting = [...moves];
      // A few at once, so that many are done before anybody looks again.
      while (waiting.length && !refused.some(hopeless)) {
        await Promise.all(waiting.splice(0, AT_ONCE).map((move) => settle(move, refused)));
      }
      for (const move of waiting) {
        put(move.task);
        refused.push(refused.find(hopeless));
      }
      return refused;
    },
    onMutate: async (moves) => {
      await Promise.all(SHOWN_BY.map((queryKey) => queries.cancelQueries({ queryKey })));
      for (const move of moves) put(foreseen(move));
    },
    onSuccess: (refused, moves) => {
      const done = moves.length - refused.length;
      const [first] = moves;
      if (first && done) say.done(DONE[first.action] + (done > 1 ? `: ${count(done)}` : ""));
      if (refused.length) say.failed(...failure(refused, moves.length));
    },
    // What is asked anew would take back what the moves still under way have shown.
    onSettled: () => {
      if (queries.isMutating({ mutationKey: MOVING }) > 1) return;
      for (const queryKey of SHOWN_BY) void queries.invalidateQueries({ queryKey });
    },
  });

  async function settle(move: Move, refused: unknown[]): Promise<void> {
    try {
      const task = await made(move);
      queries.setQueryData(madeVersion(task), task.version);
      put(task);
    } catch (error) {
      put(move.task);
      refused.push(error);
    }
  }

  async function made({ task, action, order = {} }: Move): Promise<Task> {
    const mine = queries.getQueryData<number>(madeVersion(task)) ?? 0;
    const params = {
      path: { intervention_id: task.intervention_id },
      header: { "If-Match": `"${String(Math.max(task.version, mine))}"` },
    };
    const path = `/api/interventions/{intervention_id}/${action}` as const;
    return told(await api.POST(path, { params, body: order as never }));
  }
}

/** What to say of the moves that the API refused, out of so many. */
export function failure(refused: readonly unknown[], of: number): [title: string, why: string] {
  const few = of > 1 ? ` (${count(refused.length)} of ${count(of)})` : "";
  const other = refused.find((error) => !isLate(error));
  return other === undefined
    ? [`Somebody was quicker${few}`, "The newest state is shown now; look at it before you go on."]
    : [`That was not done${few}`, sentence(other)];
}

function isLate(error: unknown): boolean {
  return error instanceof ApiError && [409, 412].includes(error.status);
}

/** Whether the next move would fare no better: nobody is signed in, or nobody answers. */
function hopeless(error: unknown): boolean {
  return error instanceof SignedOutError || (error instanceof ApiError && error.status === 0);
}
