/** The session ran out: sign in again in front of the page, and go on where one was. */
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useSession, useSessionEnded } from "@/session/use-session";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

export function SessionEnded(): ReactNode {
  const session = useSession();
  const ended = useSessionEnded();
  const queries = useQueryClient();
  const [failed, setFailed] = useState(false);

  async function again(): Promise<void> {
    try {
      await session.signInAgain();
      setFailed(false);
      await queries.invalidateQueries();
    } catch {
      setFailed(true);
    }
  }

  return (
    <Dialog
      open={ended}
      onClose={() => undefined}
      dismissible={false}
      title="Your session has ended"
      about="Sign in again in a small window; what you have on this page stays as it is."
    >
      {failed && (
        <p role="alert" className="mb-3 text-critical">
          That did not work. If your browser blocked the window, allow it for this site.
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={() => void session.signOut()}>Sign out</Button>
        <Button look="primary" onClick={() => void again()}>
          Sign in again
        </Button>
      </div>
    </Dialog>
  );
}
