/** Which address shows which page; every page but the first is loaded when it is asked for. */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import type { Api } from "@/api/client";
import { overview, tutor, worstTutors } from "@/api/query";
import { Home, WORST_SHOWN } from "@/feature/home/home";
import { workSearch } from "@/feature/interventions/search";
import { tutorsSearch } from "@/feature/tutors/search";
import { NotFound, PageFailed } from "./page-state";
import { Shell } from "./shell";

interface Context {
  api: Api;
  client: QueryClient;
  /** Where whoever is signed in begins. */
  start: "/" | "/settings";
}

const root = createRootRouteWithContext<Context>()({
  component: Shell,
  notFoundComponent: NotFound,
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: ({ context: { start } }) => {
    if (start !== "/") throw redirect({ to: start });
  },
  loader: ({ context: { api, client } }) => {
    // Not waited for: the page shows its shapes meanwhile.
    void client.prefetchQuery(overview(api));
    void client.prefetchQuery(worstTutors(api, WORST_SHOWN));
  },
  component: Home,
});

const tutors = createRoute({
  getParentRoute: () => root,
  path: "/tutors",
  validateSearch: tutorsSearch,
  component: lazyRouteComponent(() => import("@/feature/tutors/tutors"), "Tutors"),
});

const oneTutor = createRoute({
  getParentRoute: () => root,
  path: "/tutors/$tutorId",
  loader: ({ context: { api, client }, params }) => {
    void client.prefetchQuery(tutor(api, params.tutorId));
  },
  component: lazyRouteComponent(() => import("@/feature/tutor/tutor"), "TutorPage"),
});

const work = createRoute({
  getParentRoute: () => root,
  path: "/interventions",
  validateSearch: workSearch,
  component: lazyRouteComponent(() => import("@/feature/interventions/board"), "Board"),
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/model",
  component: lazyRouteComponent(() => import("@/feature/model/model"), "ModelPage"),
});

const definitions = createRoute({
  getParentRoute: () => root,
  path: "/definitions",
  component: lazyRouteComponent(() => import("@/feature/definitions/definitions"), "Definitions"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/feature/settings/settings"), "SettingsPage"),
});

const ownNotifications = createRoute({
  getParentRoute: () => root,
  path: "/settings/notifications",
  component: lazyRouteComponent(
    () => import("@/feature/settings/notifications"),
    "NotificationsPage",
  ),
});

const tree = root.addChildren([
  home,
  tutors,
  oneTutor,
  work,
  model,
  definitions,
  settings,
  ownNotifications,
]);

export function makeRouter(context: Context) {
  return createRouter({
    routeTree: tree,
    context,
    // A page that breaks leaves the way to the others.
    defaultErrorComponent: PageFailed,
    defaultPreload: "intent",
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
