/** A manager's word against the score, with a reason and an end. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Schemas, told } from "@/api/client";
import { ApiError, sentence } from "@/api/problem";
import { useApi } from "@/api/use-api";
import { count } from "@/format/number";
import { dateIn, dayValue } from "@/format/time";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { TextArea, TextField } from "@/ui/field";
import { useSay } from "@/ui/toast";
import { useUnsaved } from "@/ui/use-unsaved";

const USUAL_DAYS = 30;
const MOST_DAYS = 90;

interface OverrideDialogProps {
  detail: Schemas["TutorDetail"];
  onClose: () => void;
}

export function OverrideDialog({ detail, onClose }: OverrideDialogProps): ReactNode {
  const { override } = detail;
  const [score, setScore] = useState(String(override?.score ?? Math.round(detail.churn_score)));
  const [reason, setReason] = useState(override?.reason ?? "");
  const [until, setUntil] = useState(
    // One that ends today has to end later, or not be changed.
    override && dayValue(new Date(override.until)) > dateIn(0)
      ? dayValue(new Date(override.until))
      : dateIn(override ? 1 : USUAL_DAYS),
  );
  const change = useOverride(detail, onClose);
  useUnsaved(reason !== (override?.reason ?? "") && !change.isPending);
  const wrong = (field: string) =>
    change.error instanceof ApiError
      ? change.error.errors.find((e) => e.field === field)?.message
      : null;
  return (
    <Dialog
      open
      onClose={onClose}
      title="Override the churn score"
      about={`Computed: ${count(detail.churn_score)}. What is to be done goes by yours while it holds: interventions that it no longer calls for are cancelled. Lists and counts go by the computed score, which stays visible beside yours; whether you were right is looked at later.`}
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          const end = new Date(`${until}T12:00`).toISOString();
          change.mutate({ score: Number(score), reason: reason.trim(), until: end });
        }}
      >
        <TextField
          label="Score, 0 to 100"
          type="number"
          min={0}
          max={100}
          step={1}
          required
          value={score}
          error={wrong("score")}
          onChange={(event) => {
            setScore(event.target.value);
          }}
        />
        <TextArea
          label="Why"
          required
          minLength={3}
          maxLength={2000}
          value={reason}
          error={wrong("reason")}
          onChange={(event) => {
            setReason(event.target.value);
          }}
        />
        <TextField
          label="Until"
          type="date"
          required
          min={dateIn(1)}
          max={dateIn(MOST_DAYS - 1)}
          value={until}
          error={wrong("until")}
          onChange={(event) => {
            setUntil(event.target.value);
          }}
        />
        {change.error && !(change.error instanceof ApiError && change.error.errors.length) && (
          <p role="alert" className="text-critical">
            {sentence(change.error)}
          </p>
        )}
        <div className="flex flex-wrap justify-end gap-2">
          {override && (
            <Button
              look="danger"
              className="mr-auto"
              disabled={change.isPending}
              onClick={() => {
                change.mutate(null);
              }}
            >
              End the override
            </Button>
          )}
          <Button onClick={onClose}>Back</Button>
          <Button look="primary" type="submit" disabled={change.isPending}>
            Override
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function useOverride(detail: Schemas["TutorDetail"], onDone: () => void) {
  const api = useApi();
  const queries = useQueryClient();
  const say = useSay();
  // As it was when the dialog was opened: what others change meanwhile is not overwritten unseen.
  const [seen] = useState(detail.override?.version ?? 0);
  const params = {
    path: { tutor_id: detail.tutor_id },
    header: { "If-Match": `"${String(seen)}"` },
  };
  return useMutation({
    mutationFn: async (claim: Schemas["OverrideClaim"] | null) =>
      claim
        ? told(await api.PUT("/api/tutors/{tutor_id}/override", { params, body: claim }))
        : told(
            await api.DELETE("/api/tutors/{tutor_id}/override", { params, body: { reason: null } }),
          ),
    onSuccess: (_answer, claim) => {
      say.done(claim ? "Overridden" : "The computed score holds again");
      onDone();
    },
    onSettled: async () => {
      for (const queryKey of [["tutor", detail.tutor_id], ["tutors"]])
        await queries.invalidateQueries({ queryKey });
    },
  });
}
