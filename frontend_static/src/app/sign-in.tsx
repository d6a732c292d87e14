/** What is shown to whoever is not signed in, or has no business here. */
import { type ReactNode, useState } from "react";
import { type Session, SIGNED_IN_PATH } from "@/session/session";
import { Button } from "@/ui/button";

function Front({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center gap-6 px-6 pb-24">
      <img src="/favicon.svg" alt="" width="40" height="40" />
      <div className="flex flex-col gap-2">
        <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
        {children}
      </div>
    </main>
  );
}

export function SignIn({ session }: { session: Session }): ReactNode {
  const [failed, setFailed] = useState(false);
  return (
    <Front title="Tutor Quality">
      <p className="text-muted">
        Which tutors are in trouble, why, and what to do about it. Sign in with your work account.
      </p>
      <Button
        look="primary"
        className="mt-4 self-start"
        onClick={() => {
          session.signIn("/").catch(() => {
            setFailed(true);
          });
        }}
      >
        Sign in
      </Button>
      {failed && (
        <p role="alert" className="text-critical">
          The sign-in page can not be reached. Try again in a minute.
        </p>
      )}
    </Front>
  );
}

export function NotForYou({ session, name }: { session: Session; name: string }): ReactNode {
  return (
    <Front title="Nothing for you here">
      <p className="text-muted">
        You are signed in as {name}. These pages are for operations and people operations; ask an
        administrator if they should be yours.
      </p>
      <Button className="mt-4 self-start" onClick={() => void session.signOut()}>
        Sign out
      </Button>
    </Front>
  );
}

export function Unreachable({ why }: { why: string }): ReactNode {
  return (
    <Front title="The site could not start">
      <p className="text-muted">{why}</p>
      <Button
        className="mt-4 self-start"
        onClick={() => {
          // A sign-in that failed can not be finished by asking once more.
          const { pathname } = window.location;
          if (pathname.startsWith(SIGNED_IN_PATH)) window.location.replace("/");
          else window.location.reload();
        }}
      >
        Try again
      </Button>
    </Front>
  );
}
