/** What can be done to an intervention, and the words or dates that some moves ask for. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Schemas } from "@/api/client";
import { failure } from "@/api/problem";
import { colleagues } from "@/api/query";
import { useApi } from "@/api/use-api";
import { dateIn } from "@/format/time";
import { roleTitle, words } from "@/format/word";
import { usePerson } from "@/session/use-session";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { TextArea, TextField } from "@/ui/field";
import { Icon } from "@/ui/icon";
import { Menu, MenuItem } from "@/ui/menu";
import { Select } from "@/ui/select";
import { Failed } from "@/ui/state";
import { useUnsaved } from "@/ui/use-unsaved";
import { automated } from "./automated";
import { type Action, type Order, useMove } from "./use-move";

type Task = Schemas["Intervention"];

interface MoveRule {
  action: Action;
  title: string;
  /** What the button that does it says, where that is not the title. */
  does?: string;
  from: readonly Task["status"][];
  /** What the dialog asks for; none where the move is made at once. */
  asks: readonly (keyof Order)[];
  about?: string;
  /** Whether it also makes sense of what runs by itself. */
  automated?: true;
}

const OPEN = ["pending", "in_progress", "snoozed"] as const;

export const REASSIGN: MoveRule = {
  action: "reassign",
  title: "Assign to…",
  from: OPEN,
  asks: ["assignee"],
  about: "Whoever it is gets a mail.",
};

/** In the order of the menu. */
export const MOVES: readonly MoveRule[] = [
  { action: "start", title: "Start", from: ["pending"], asks: [] },
  {
    action: "complete",
    title: "Complete…",
    from: ["pending", "in_progress"],
    asks: ["outcome", "reason"],
    about: "What became of the tutor?",
  },
  REASSIGN,
  {
    action: "snooze",
    title: "Snooze…",
    from: ["pending", "in_progress"],
    asks: ["until", "reason"],
    about: "The deadline goes on; whoever is late is told.",
  },
  { action: "wake", title: "Take up again", from: ["snoozed"], asks: [] },
  {
    action: "note",
    automated: true,
    title: "Add a note…",
    from: [...OPEN, "completed", "cancelled"],
    asks: ["reason"],
    about: "For the team. Tutors never see notes.",
  },
  {
    action: "judge",
    automated: true,
    title: "Was this right?…",
    does: "Save the verdict",
    from: [...OPEN, "completed", "cancelled"],
    asks: ["opinion", "reason"],
    about: "Verdicts tell how precise each rule is.",
  },
  {
    action: "cancel",
    automated: true,
    title: "Cancel…",
    does: "Cancel the intervention",
    from: OPEN,
    asks: ["reason"],
  },
];

const OUTCOMES = ["improved", "no_change", "declined", "churned"] as const;
const OPINIONS = ["useful", "not_useful", "incorrectly_flagged"] as const;
const REASON_LABELS: Partial<Record<Action, string>> = {
  note: "Note",
  complete: "What was agreed (optional)",
  judge: "Why (optional)",
};
const OPTIONAL_REASON: readonly Action[] = ["complete", "judge"];

export function assignable(task: Task): boolean {
  return REASSIGN.from.includes(task.status) && !automated(task);
}

/** Who works on it, or whose it is. */
export function whose(task: Task): string {
  if (automated(task)) return "Runs by itself";
  return task.assignee ?? `${roleTitle(task.owner)}, unassigned`;
}

interface MoveMenuProps {
  task: Task;
  /** Of its tutor. */
  name: string;
}

export function MoveMenu({ task, name }: MoveMenuProps): ReactNode {
  const me = usePerson();
  const move = useMove();
  // With the task as it was when the dialog was opened: nothing newer is changed unseen.
  const [asking, setAsking] = useState<{ rule: MoveRule; task: Task } | null>(null);
  // What was written is not lost with a move that was refused: it is there when that is asked again.
  const [refused, setRefused] = useState<{ action: Action; order: Order } | null>(null);
  const rules = MOVES.filter(
    (rule) => rule.from.includes(task.status) && (rule.automated || !automated(task)),
  );
  return (
    <>
      <Menu
        trigger={<Icon name="more" />}
        label={`What to do with ${task.title} of ${name}`}
        className="inline-flex size-8 items-center justify-center rounded-md text-muted hover:bg-line/60 hover:text-ink pointer-coarse:size-11 print:hidden"
      >
        {task.assignee !== me.name && assignable(task) && (
          <MenuItem
            onClick={() => {
              move.mutate([{ task, action: "reassign", order: { assignee: me.name } }]);
            }}
          >
            Assign to me
          </MenuItem>
        )}
        {rules.map((rule) => (
          <MenuItem
            key={rule.action}
            onClick={() => {
              if (rule.asks.length) setAsking({ rule, task });
              else move.mutate([{ task, action: rule.action }]);
            }}
          >
            {rule.title}
          </MenuItem>
        ))}
      </Menu>
      {asking && (
        <MoveDialog
          rule={asking.rule}
          of={`${asking.task.title} of ${name}`}
          begun={refused?.action === asking.rule.action ? refused.order : {}}
          onClose={() => {
            setAsking(null);
          }}
          onMove={(order) => {
            const { action } = asking.rule;
            move.mutate([{ task: asking.task, action, order }], {
              onSuccess: ({ length }) => {
                setRefused(length ? { action, order } : null);
              },
            });
            setAsking(null);
          }}
        />
      )}
    </>
  );
}

interface MoveDialogProps {
  rule: MoveRule;
  /** What is moved. */
  of: string;
  /** What it begins with. */
  begun?: Order;
  onClose: () => void;
  onMove: (order: Order) => void;
}

export function MoveDialog({ rule, of, begun = {}, onClose, onMove }: MoveDialogProps): ReactNode {
  const [order, setOrder] = useState<Order>({
    ...(rule.asks.includes("outcome") && { outcome: "improved" }),
    ...(rule.asks.includes("opinion") && { opinion: "useful" }),
    ...begun,
  });
  const [day, setDay] = useState(dateIn(3));
  const asks = (name: keyof Order) => rule.asks.includes(name);
  const optional = OPTIONAL_REASON.includes(rule.action);
  const written = Boolean(order.reason?.trim());
  useUnsaved(written);
  return (
    <Dialog
      open
      onClose={onClose}
      dismissible={!written}
      title={rule.title.replace("…", "")}
      about={[`${of}.`, rule.about].filter(Boolean).join(" ")}
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          onMove(
            asks("until") ? { ...order, until: new Date(`${day}T09:00`).toISOString() } : order,
          );
        }}
      >
        {asks("outcome") && (
          <Select
            label="Outcome"
            value={order.outcome ?? "improved"}
            options={OUTCOMES.map((value) => ({ value, label: words(value) }))}
            onChange={(outcome) => {
              setOrder({ ...order, outcome });
            }}
          />
        )}
        {asks("opinion") && (
          <Select
            label="Verdict"
            value={order.opinion ?? "useful"}
            options={OPINIONS.map((value) => ({ value, label: words(value) }))}
            onChange={(opinion) => {
              setOrder({ ...order, opinion });
            }}
          />
        )}
        {asks("assignee") && (
          <Colleagues
            value={order.assignee ?? ""}
            onChange={(assignee) => {
              setOrder({ ...order, assignee });
            }}
          />
        )}
        {asks("until") && (
          <TextField
            label="Until the morning of"
            type="date"
            required
            min={dateIn(1)}
            max={dateIn(29)}
            value={day}
            onChange={(event) => {
              setDay(event.target.value);
            }}
          />
        )}
        {asks("reason") && (
          <TextArea
            label={REASON_LABELS[rule.action] ?? "Why"}
            required={!optional}
            maxLength={2000}
            value={order.reason ?? ""}
            onChange={(event) => {
              setOrder({ ...order, reason: event.target.value });
            }}
          />
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Back</Button>
          <Button
            look={rule.action === "cancel" ? "danger" : "primary"}
            type="submit"
            disabled={asks("assignee") && !order.assignee}
          >
            {rule.does ?? rule.title.replace(/…| to…/, "")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface ColleaguesProps {
  /** A user name; empty for nobody yet. */
  value: string;
  onChange: (name: string) => void;
}

function Colleagues({ value, onChange }: ColleaguesProps): ReactNode {
  const found = useQuery(colleagues(useApi()));
  if (found.isError && !found.data) return <Failed {...failure(found)} />;
  return (
    <Select
      label="Whom to give it to"
      value={value}
      options={[
        { value: "", label: found.data ? "Choose somebody" : "Loading…" },
        ...(found.data ?? []).map(({ name, roles }) => ({
          value: name,
          label: `${name}, ${roles.map(roleTitle).join(" and ")}`,
        })),
      ]}
      onChange={onChange}
    />
  );
}
