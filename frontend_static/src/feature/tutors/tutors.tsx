/** All tutors: found, filtered and sorted by what stands in the address. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { failure, sentence } from "@/api/problem";
import { allTutors, definitions, firstTutors } from "@/api/query";
import { useApi } from "@/api/use-api";
import { count } from "@/format/number";
import { roleTitle, words } from "@/format/word";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Icon } from "@/ui/icon";
import { type Option, Select } from "@/ui/select";
import { Empty, Failed, Loading, Tally } from "@/ui/state";
import { useRoomy } from "@/ui/use-roomy";
import { Choices } from "./choices";
import { download } from "./csv";
import { occurring, type Row, shown } from "./rows";
import { SavedViews } from "./saved-views";
import {
  chosen,
  EVERYBODY,
  RISK_OPTIONS,
  type Sort,
  STATUSES,
  TIER_OPTIONS,
  toggled,
  type TutorsSearch,
  tutorsSearch,
} from "./search";
import { SortChoice } from "./sort-choice";
import { TutorTable } from "./table";

const route = getRouteApi("/tutors");
const NONE: readonly Row[] = [];
const ANY = "";

export function Tutors(): ReactNode {
  // A router hands on what it does not know, too; trackers add to addresses, and people type.
  const search = route.useSearch({ select: asSearch, structuralSharing: true });
  const navigate = route.useNavigate();
  const api = useApi();
  const all = useQuery(allTutors(api));
  const { data: soFar } = useQuery(firstTutors());
  const terms = useQuery(definitions(api));
  const rows = all.data ?? soFar ?? NONE;
  const settled = useDeferredValue(search);
  const found = useMemo(() => shown(rows, settled), [rows, settled]);
  const known = useMemo(() => shown(rows, {}).length, [rows]);
  const subjects = useMemo(() => occurring(rows, (row) => row.subjects), [rows]);
  const [filtering, setFiltering] = useState(false);
  // What is being typed: the address follows a moment later, and must not take letters back.
  const [typed, setTyped] = useState<string | null>(null);
  const roomy = useRoomy();
  const searchBox = useRef<HTMLInputElement>(null);

  function change(next: Partial<Record<keyof TutorsSearch, string | true | undefined>>): void {
    void navigate({
      search: (now) => {
        return tutorsSearch({ ...now, ...next });
      },
      replace: "q" in next,
      resetScroll: false,
    });
  }

  function sortBy(sort: Sort, order: "asc" | "desc"): void {
    change({ sort, order });
  }

  useEffect(() => {
    function press(event: KeyboardEvent): void {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || typing(event.target)) return;
      event.preventDefault();
      searchBox.current?.focus();
    }
    window.addEventListener("keydown", press);
    return () => {
      window.removeEventListener("keydown", press);
    };
  }, []);

  const { sort, order, ...filters } = search;
  const filtered = Object.keys(filters).length > 0;
  const clear = () => void navigate({ search: { ...(sort && { sort }), ...(order && { order }) } });
  const flagOptions: Option<string>[] = [
    { value: ANY, label: "Any flag" },
    ...(terms.data?.flags ?? []).map((flag) => ({ value: flag.name, label: flag.title })),
  ];
  return (
    <>
      <title>Tutors · Tutor Quality</title>
      <div className="flex flex-wrap items-center justify-between gap-3 pt-6 pb-4">
        <h1 className="text-xl font-semibold tracking-tight">Tutors</h1>
        <div className="flex items-center gap-2">
          <SavedViews search={search} onChoose={(view) => void navigate({ search: view })} />
          <Button
            disabled={!all.data || !found.length}
            onClick={() => {
              download(found, `tutors-${new Date().toISOString().slice(0, 10)}.csv`);
            }}
          >
            <Icon name="download" />
            <span className="hidden sm:inline">Export</span> CSV
          </Button>
        </div>
      </div>
      <Card flush>
        <div className="flex flex-wrap items-center gap-2 border-b border-line p-3">
          <label className="relative min-w-40 flex-1 basis-56">
            <span className="sr-only">Name, id or subject</span>
            <Icon
              name="search"
              className="absolute top-2.5 left-2.5 size-4 text-muted pointer-coarse:top-3.5"
            />
            <input
              ref={searchBox}
              type="search"
              value={typed ?? search.q ?? ""}
              placeholder="Name, id or subject ( / )"
              onChange={(event) => {
                setTyped(event.target.value);
                change({ q: event.target.value || undefined });
              }}
              onBlur={() => {
                setTyped(null);
              }}
              className="h-9 w-full rounded-md border border-line-strong bg-surface pr-2 pl-8 placeholder:text-faint pointer-coarse:h-11"
            />
          </label>
          <Button
            className="sm:hidden"
            aria-expanded={filtering}
            onClick={() => {
              setFiltering(!filtering);
            }}
          >
            <Icon name="sliders" /> Filters
            {filtered && ` (${String(Object.keys(filters).length)})`}
          </Button>
          {/* A phone shows them when asked; elsewhere there is room. */}
          {(filtering || roomy) && (
            <div className="grid w-full grid-cols-2 gap-2 sm:contents">
              <Choices
                label="Risk"
                options={RISK_OPTIONS.map((value) => ({ value, label: words(value) }))}
                values={search.risk}
                onToggle={(value) => {
                  change({ risk: toggled(search.risk, value) });
                }}
              />
              <Select
                label="Flag"
                value={search.flag ?? ANY}
                options={withOwn(flagOptions, search.flag)}
                onChange={(flag) => {
                  change({ flag: flag || undefined });
                }}
              />
              <Select
                label="Sure or not"
                value={search.sure ? "sure" : ANY}
                options={[
                  { value: ANY, label: "Any certainty" },
                  { value: "sure", label: "Confirmed only" },
                ]}
                onChange={(sure) => {
                  change({ sure: sure ? true : undefined });
                }}
              />
              <Select
                label="Tier"
                value={search.tier ?? ANY}
                options={withOwn(
                  [
                    { value: ANY, label: "Any tier" },
                    ...TIER_OPTIONS.map((value) => ({ value, label: value })),
                  ],
                  search.tier,
                )}
                onChange={(tier) => {
                  change({ tier: tier || undefined });
                }}
              />
              <Select
                label="Subject"
                value={search.subject ?? ANY}
                options={[
                  { value: ANY, label: "Any subject" },
                  ...subjects.map((value) => ({ value, label: value })),
                ]}
                onChange={(subject) => {
                  change({ subject: subject || undefined });
                }}
              />
              <Select
                label="Status"
                value={search.status ?? ANY}
                options={[
                  { value: ANY, label: "Still with us" },
                  { value: EVERYBODY, label: "Everybody" },
                  ...STATUSES.map((value) => ({ value, label: roleTitle(value) })),
                ]}
                onChange={(status) => {
                  change({ status: status || undefined });
                }}
              />
              <SortChoice search={search} onSort={sortBy} />
            </div>
          )}
          {filtered && (
            <Button look="quiet" onClick={clear}>
              Clear
            </Button>
          )}
          <span className="hidden text-2xs text-muted lg:inline">j, k and Enter: go and open</span>
          <Tally>
            {all.data
              ? `${count(found.length)} of ${count(search.status ? rows.length : known)}`
              : all.isError
                ? ""
                : "Loading…"}
          </Tally>
        </div>
        {all.isError && !all.data && rows.length > 0 && (
          <Failed
            {...failure(all)}
            sentence={`Only the first ${count(rows.length)} tutors are here. ${sentence(all.error)}`}
          />
        )}
        {rows.length && (found.length || all.data) ? (
          found.length ? (
            <TutorTable rows={found} search={search} onSort={sortBy} />
          ) : (
            <Empty title="No tutor passes these filters">
              <p className="mb-3">Loosen one of them, or start again.</p>
              <Button onClick={clear}>Clear all filters</Button>
            </Empty>
          )
        ) : all.isError ? (
          <Failed {...failure(all)} />
        ) : all.data ? (
          <Empty title="There are no tutors yet">
            They appear with the first session or profile that the marketplace reports.
          </Empty>
        ) : (
          <Loading what="tutors" rows={12} className="min-h-dvh p-4" />
        )}
      </Card>
    </>
  );
}

/** With what only an address can say: several at once. */
function withOwn(options: Option<string>[], value: string | undefined): Option<string>[] {
  if (!value || options.some((one) => one.value === value)) return options;
  const names = chosen(value).map(
    (one) => options.find((option) => option.value === one)?.label ?? one,
  );
  return [...options, { value, label: names.join(" or ") }];
}

function asSearch(said: object): TutorsSearch {
  return tutorsSearch({ ...said });
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    Boolean(target.closest("input, textarea, select, [contenteditable]"))
  );
}
