/** Starts the operations site: who is signed in decides what is shown. */
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { startTransition, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { createApi } from "@/api/client";
import { ApiError } from "@/api/problem";
import { ApiContext } from "@/api/use-api";
import { fetchPlace } from "@/session/place";
import { seesTutors, Session, SignedOutError } from "@/session/session";
import { SessionContext } from "@/session/use-session";
import { Toasts } from "@/ui/toast";
import "./app.css";
import { makeRouter } from "./app/router";
import { SessionEnded } from "./app/session-ended";
import { NotForYou, SignIn, Unreachable } from "./app/sign-in";
import { applyTheme } from "./app/theme";

const MOST_TRIES = 3;

applyTheme();
const root = createRoot(document.getElementById("root") ?? document.body);

async function start(): Promise<void> {
  const session = new Session(await fetchPlace(), window.location.origin);
  const returnTo = await session.begin(new URL(window.location.href));
  if (window.opener) return; // the window that asked goes on by itself
  if (returnTo !== null) window.history.replaceState(null, "", returnTo);
  const person = session.person;
  if (!person) {
    root.render(<SignIn session={session} />);
  } else if (!person.roles.length) {
    root.render(<NotForYou session={session} name={person.name} />);
  } else {
    // In slices: whatever is pressed meanwhile is not kept waiting by a slow processor.
    startTransition(() => {
      root.render(<Site session={session} />);
    });
  }
}

function queryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        retry: (failures, error) => failures < MOST_TRIES && mayPass(error),
        retryDelay: (failures) =>
          Math.min(30_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2),
      },
    },
  });
}

function Site({ session }: { session: Session }) {
  const [{ api, client, router }] = useState(() => {
    const made = { api: createApi(session), client: queryClient() };
    const start = session.person && seesTutors(session.person) ? "/" : "/settings";
    return { ...made, router: makeRouter({ ...made, start }) };
  });
  return (
    <StrictMode>
      <CSPProvider disableStyleElements>
        <SessionContext value={session}>
          <ApiContext value={api}>
            <QueryClientProvider client={client}>
              <Toasts>
                <RouterProvider router={router} />
                <SessionEnded />
              </Toasts>
            </QueryClientProvider>
          </ApiContext>
        </SessionContext>
      </CSPProvider>
    </StrictMode>
  );
}

function mayPass(error: unknown): boolean {
  if (error instanceof SignedOutError) return false;
  return !(error instanceof ApiError) || error.passing;
}

start().catch((fault: unknown) => {
  root.render(<Unreachable why={fault instanceof Error ? fault.message : "Unknown"} />);
});
