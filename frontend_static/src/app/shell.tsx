/** What stands around every page: where one can go, who one is, and how old the data is. */
import { notifyManager, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import {
  lazy,
  type ReactNode,
  Suspense,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { mayPass } from "@/api/problem";
import { overview } from "@/api/query";
import { useApi } from "@/api/use-api";
import { roleTitle } from "@/format/word";
import type { WorkSearch } from "@/feature/interventions/search";
import { queueOf, seesTutors } from "@/session/session";
import { usePerson, useSession } from "@/session/use-session";
import { IconButton } from "@/ui/button";
import { classNames } from "@/ui/class-names";
import { Icon, type IconName } from "@/ui/icon";
import { Ago, useNow } from "@/ui/time";
import { useGuard } from "@/ui/use-unsaved";
import { chooseTheme, theme, watchTheme } from "./theme";

const loadPalette = () => import("./palette");
const Palette = lazy(loadPalette);

/** After which the palette is fetched, so that nothing typed into it is lost while it comes. */
const QUIET_MS = 2000;

/** Older than this, what is shown is marked: the summary is made every minute. */
const STALE_MS = 5 * 60_000;

interface PageLink {
  to: string;
  /** What is shown of it first. */
  search?: WorkSearch;
  title: string;
  /** Where there is little room. */
  short?: string;
  icon: IconName;
  /** Not for those who only look after settings. */
  aboutTutors?: true;
}

const PAGES: readonly PageLink[] = [
  { to: "/", title: "Home", icon: "home", aboutTutors: true },
  { to: "/tutors", title: "Tutors", icon: "people", aboutTutors: true },
  {
    to: "/interventions",
    title: "Interventions",
    short: "Tasks",
    icon: "tasks",
    aboutTutors: true,
  },
  { to: "/model", title: "Model", icon: "chart" },
  { to: "/definitions", title: "Definitions", short: "Terms", icon: "book" },
  { to: "/settings", title: "Settings", icon: "sliders" },
];

/** The pages of whoever is signed in; of interventions, those that wait for their like. */
export function usePages(): readonly PageLink[] {
  const owner = queueOf(usePerson());
  if (!owner) return PAGES.filter((page) => !page.aboutTutors);
  return PAGES.map((page) =>
    page.to === "/interventions" ? { ...page, search: { owner } } : page,
  );
}

export function Shell(): ReactNode {
  const [palette, setPalette] = useState(false);
  useKeys({ k: () => setPalette(true) });
  useEffect(() => {
    const timer = window.setTimeout(() => void loadPalette(), QUIET_MS);
    return () => {
      window.clearTimeout(timer);
    };
  }, []);
  useGuard();
  return (
    <div className="lg:grid lg:grid-cols-[14rem_1fr] print:block">
      <a href="#page" className="skip-link rounded bg-accent px-3 py-2 text-accent-ink">
        Skip to the page
      </a>
      <Sidebar onSearch={() => setPalette(true)} />
      <div className="min-w-0 pb-20 lg:pb-8">
        <TopBar onSearch={() => setPalette(true)} />
        <Page />
      </div>
      <PhoneBar />
      {palette && (
        <Suspense>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** The page itself; after a change of address its heading has the focus, so that it is read out. */
function Page(): ReactNode {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const before = useRef(path);
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    // Not at the start, before which there was no address: focus would only cost a layout.
    if (before.current !== undefined && before.current !== path)
      ref.current?.focus({ preventScroll: true });
    before.current = path;
  }, [path]);
  return (
    <main
      id="page"
      ref={ref}
      tabIndex={-1}
      className="mx-auto max-w-7xl px-4 outline-none sm:px-6 lg:px-8"
    >
      <Outlet />
    </main>
  );
}

function Sidebar({ onSearch }: { onSearch: () => void }): ReactNode {
  const person = usePerson();
  const session = useSession();
  const pages = usePages();
  return (
    <aside className="sticky top-0 hidden h-dvh flex-col border-r border-line px-3 py-4 lg:flex print:hidden">
      <Link to="/" className="mb-4 flex items-center gap-2 px-2 font-semibold tracking-tight">
        <img src="/favicon.svg" alt="" width="22" height="22" />
        Tutor Quality
      </Link>
      <button
        type="button"
        onClick={onSearch}
        className="mb-3 flex h-8 items-center gap-2 rounded-md border border-line bg-surface px-2 text-muted hover:border-line-strong"
      >
        <Icon name="search" />
        <span className="flex-1 text-left">Find</span>
        <kbd className="font-sans text-2xs text-faint">Ctrl K</kbd>
      </button>
      <nav aria-label="Pages" className="flex flex-col gap-0.5">
        {pages.map((page) => (
          <Link
            key={page.to}
            to={page.to}
            search={page.search ?? {}}
            activeOptions={{ exact: page.to === "/", includeSearch: false }}
            className="flex h-8 items-center gap-2.5 rounded-md px-2 text-muted hover:bg-line/60 hover:text-ink data-[status=active]:bg-line/80 data-[status=active]:font-medium data-[status=active]:text-ink"
          >
            <Icon name={page.icon} />
            {page.title}
          </Link>
        ))}
      </nav>
      <div className="mt-auto flex items-center gap-1 border-t border-line pt-3">
        <div className="min-w-0 flex-1 px-2">
          <p className="truncate font-medium">{person.name}</p>
          <p className="truncate text-xs text-muted">{person.roles.map(roleTitle).join(", ")}</p>
        </div>
        <IconButton label="Sign out" onClick={() => void session.signOut()}>
          <Icon name="out" />
        </IconButton>
      </div>
    </aside>
  );
}

function TopBar({ onSearch }: { onSearch: () => void }): ReactNode {
  const session = useSession();
  const other = useSyncExternalStore(watchTheme, theme) === "dark" ? "light" : "dark";
  return (
    <header className="sticky top-0 z-20 flex h-12 items-center gap-2 border-b border-line bg-canvas px-4 sm:px-6 lg:px-8 print:hidden">
      <Link to="/" className="font-semibold tracking-tight lg:hidden">
        Tutor Quality
      </Link>
      {seesTutors(usePerson()) && <DataAge />}
      <div className="ml-auto flex items-center">
        <IconButton label="Find" className="lg:hidden" onClick={onSearch}>
          <Icon name="search" />
        </IconButton>
        <IconButton
          label={`Use ${other} colours`}
          onClick={() => {
            chooseTheme(other);
          }}
        >
          <Icon name={other === "dark" ? "moon" : "sun"} />
        </IconButton>
        <IconButton label="Sign out" className="lg:hidden" onClick={() => void session.signOut()}>
          <Icon name="out" />
        </IconButton>
      </div>
    </header>
  );
}

/** "Data as of", and a mark where it is old or some of what is shown can not be had. */
function DataAge(): ReactNode {
  const { data, isError } = useQuery(overview(useApi()));
  const behind = useBehind();
  const now = useNow();
  if (!data?.as_of) return isError ? <p className="text-xs text-critical">No data</p> : null;
  const marked = isError || behind || now - Date.parse(data.as_of) > STALE_MS;
  const why = isError ? "Not refreshed; data" : behind ? "Not all is up to date; data" : "Data";
  return (
    <p
      className={classNames(
        "flex items-center gap-1.5 text-xs",
        marked ? "text-high" : "text-muted",
      )}
    >
      {marked && <Icon name="warning" className="size-3.5" />}
      <span className="max-sm:sr-only">{why} as of</span>
      <span aria-hidden="true" className="sm:hidden">
        Data
      </span>
      <Ago at={data.as_of} />
    </p>
  );
}

/** Whether something on the page was asked for in vain the last time. */
function useBehind(): boolean {
  const cache = useQueryClient().getQueryCache();
  return useSyncExternalStore(
    (tell) => cache.subscribe(notifyManager.batchCalls(tell)),
    () =>
      cache
        .findAll({ type: "active" })
        .some((query) => query.state.status === "error" && mayPass(query.state.error)),
  );
}

function PhoneBar(): ReactNode {
  const pages = usePages();
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-20 grid auto-cols-fr grid-flow-col border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden print:hidden"
    >
      {pages.map((page) => (
        <Link
          key={page.to}
          to={page.to}
          search={page.search ?? {}}
          activeOptions={{ exact: page.to === "/", includeSearch: false }}
          className="flex h-14 min-w-0 flex-col items-center justify-center gap-1 text-[0.625rem] text-muted data-[status=active]:text-accent"
        >
          <Icon name={page.icon} className="size-5" />
          <span className="max-w-full truncate px-0.5">{page.short ?? page.title}</span>
        </Link>
      ))}
    </nav>
  );
}

/** Keys with Ctrl or Cmd. */
function useKeys(keys: Record<string, () => void>): void {
  const held = useRef(keys);
  useEffect(() => {
    held.current = keys;
  });
  useEffect(() => {
    function press(event: KeyboardEvent): void {
      const action =
        event.ctrlKey || event.metaKey ? held.current[event.key.toLowerCase()] : undefined;
      if (!action) return;
      event.preventDefault();
      action();
    }
    window.addEventListener("keydown", press);
    return () => {
      window.removeEventListener("keydown", press);
    };
  }, []);
}
