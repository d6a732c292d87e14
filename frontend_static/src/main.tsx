/** Starts the operations site: who is signed in decides what is shown. */
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { startTransition, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { type Api, createApi } from "@/api/client";
import { mayPass } from "@/api/problem";
import { nextLook } from "@/api/query";
import { ApiContext } from "@/api/use-api";
import { fetchPlace } from "@/session/place";
import { type Person, seesTutors, Session } from "@/session/session";
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
  const { handedOver, returnTo } = await session.begin(new URL(window.location.href));
  if (handedOver) return; // the window that asked goes on by itself
  if (returnTo !== undefined) window.history.replaceState(null, "", returnTo);
  const person = session.person;
  const { pathname, search, hash } = window.location;
  if (!person && pathname !== "/") {
    // Whoever follows a link wants that page; who is signed in elsewhere is not even asked.
    await session.signIn(pathname + search + hash, "unasked");
  } else if (!person) {
    root.render(<SignIn session={session} />);
  } else if (!person.roles.length) {
    root.render(<NotForYou session={session} name={person.name} />);
  } else {
    const made = madeFor(session, person);
    // Home, which needs no further file, is then drawn in one piece of work, and that in slices: a
    // slow processor answers to whatever is pressed meanwhile. Other pages are not waited for.
    await Promise.race([made.router.load(), new Promise((done) => setTimeout(done))]);
    startTransition(() => {
      root.render(<Site session={session} {...made} />);
    });
  }
}

function queryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // A browser's word that there is no network is often wrong, and never a reason to be silent.
      mutations: { networkMode: "always" },
      queries: {
        networkMode: "always",
        refetchOnReconnect: true,
        refetchInterval: (query) => query.state.status === "error" && nextLook(query),
        staleTime: 15_000,
        retry: (failures, error) => failures < MOST_TRIES && mayPass(error),
        retryDelay: (failures) =>
          Math.min(30_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2),
      },
    },
  });
}

interface Made {
  api: Api;
  client: QueryClient;
  router: ReturnType<typeof makeRouter>;
}

function madeFor(session: Session, person: Person): Made {
  const made = { api: createApi(session), client: queryClient() };
  return {
    ...made,
    router: makeRouter({ ...made, start: seesTutors(person) ? "/" : "/settings" }),
  };
}

function Site({ session, api, client, router }: Made & { session: Session }) {
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

start().catch((fault: unknown) => {
  root.render(<Unreachable why={fault instanceof Error ? fault.message : "Unknown"} />);
});
