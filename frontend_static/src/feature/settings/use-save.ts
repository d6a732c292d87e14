/** Saving a part of the settings on the version that was seen. */
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, sentence } from "@/api/problem";
import { useSay } from "@/ui/toast";

interface Saving<Change, Answer> {
  send: (change: Change) => Promise<Answer>;
  onSaved: () => void;
  /** What shows the settings and is to be read anew. */
  shownBy: readonly QueryKey[];
}

export function useSave<Change, Answer>({ send, onSaved, shownBy }: Saving<Change, Answer>) {
  const queries = useQueryClient();
  const say = useSay();
  return useMutation({
    mutationFn: send,
    // What was written stays until what was saved is there to be shown instead.
    onSuccess: async () => {
      await readAnew();
      onSaved();
      say.done("Saved");
    },
    onError: async (error) => {
      const changed = error instanceof ApiError && error.status === 412;
      say.failed(
        changed ? "Changed meanwhile" : "Not saved",
        changed ? "Look at the newest values, then save again." : sentence(error),
      );
      await readAnew();
    },
  });

  async function readAnew(): Promise<void> {
    for (const queryKey of shownBy) await queries.invalidateQueries({ queryKey });
  }
}

/** The version that was seen, as the API wants to be told. */
export function seen(version: number) {
  return { "If-Match": `"${String(version)}"` };
}
