/** The session for components: who is there, and whether it has ended. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Person, Session } from "./session";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("There is no session around this component");
  return session;
}

export function useSessionEnded(): boolean {
  const session = useSession();
  return useSyncExternalStore(
    (tell) => session.watch(tell),
    () => session.ended,
  );
}

/** Who is signed in; only for what is shown to people who are. */
export function usePerson(): Person {
  const person = useSession().person;
  if (!person) throw new Error("Nobody is signed in");
  return person;
}
