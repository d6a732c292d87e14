/** The table of tutors; only the rows in sight are in the page, however many there are. */
import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useFlagTitle } from "@/api/names";
import { Sparkline } from "@/chart/sparkline";
import { chance, count, decimal, percent } from "@/format/number";
import { words } from "@/format/word";
import { Badge, RISK_STROKES, RiskBadge } from "@/ui/badge";
import { classNames } from "@/ui/class-names";
import { Icon } from "@/ui/icon";
import { Ago } from "@/ui/time";
import { useChangedTint } from "@/ui/use-changed";
import type { Row } from "./rows";
import { defaultOrder, type Sort, SORT_TITLES, SORT_WINDOWS, type TutorsSearch } from "./search";

const ROW_PX = 52;
/** What stands over the rows: the top bar and the names of columns; below, a phone's bar. */
const HEADS_PX = 84;
const FOOT_PX = 64;
const FLAGS_SHOWN = 2;
/** Which of these columns are there is decided by width alone, so the grid is one string each. */
const GRID = classNames(
  "grid items-center gap-x-3 px-4",
  "grid-cols-[minmax(0,1fr)_5.5rem]",
  "sm:grid-cols-[minmax(0,1fr)_7rem_4rem_6rem]",
  "xl:grid-cols-[minmax(0,1fr)_8rem_4.5rem_7.5rem_7rem_4.5rem_minmax(0,1.2fr)]",
  "min-[87.5rem]:grid-cols-[minmax(0,1.3fr)_8rem_4.5rem_7.5rem_7rem_4rem_4.5rem_minmax(0,1fr)_5.5rem]",
);
const SM = "max-sm:hidden";
const XL = "max-xl:hidden";
const WIDE = "max-[87.5rem]:hidden";

interface TutorTableProps {
  rows: readonly Row[];
  search: TutorsSearch;
  onSort: (sort: Sort, order: "asc" | "desc") => void;
}

export function TutorTable({ rows, search, onSort }: TutorTableProps): ReactNode {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    // What stands above grows and shrinks: filters on a phone, a word that not all is here.
    const measure = () => {
      setTop((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => {
      observer.disconnect();
    };
  }, []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    overscan: 6,
    scrollMargin: top,
    scrollPaddingStart: HEADS_PX,
    scrollPaddingEnd: FOOT_PX,
  });
  const at = useCursor({
    of: JSON.stringify(search),
    rows: rows.length,
    body,
    first: () => Math.max(0, Math.ceil((window.scrollY + HEADS_PX - top) / ROW_PX)),
    onMove: (place) => {
      virtual.scrollToIndex(place, { align: "auto" });
    },
  });
  return (
    <div role="table" aria-label="Tutors" aria-rowcount={rows.length + 1}>
      <div
        role="row"
        aria-rowindex={1}
        className={classNames(
          GRID,
          "sticky top-12 z-10 h-9 border-b border-line bg-surface text-xs text-muted",
        )}
      >
        <Head sort="name" {...{ search, onSort }} />
        <Head sort="churn_score" {...{ search, onSort }} />
        <Head sort="p30" className={SM} {...{ search, onSort }} />
        <Head sort="reschedule_rate" className={SM} {...{ search, onSort }} />
        <Head sort="tier" className={XL} {...{ search, onSort }} />
        <Head sort="avg_rating" className={WIDE} {...{ search, onSort }} />
        <Head sort="sessions" className={XL} {...{ search, onSort }} />
        <Head sort="flags" className={XL} {...{ search, onSort }} />
        <Head sort="updated_at" className={WIDE} {...{ search, onSort }} />
      </div>
      <div
        ref={body}
        role="rowgroup"
        className="relative"
        style={{ height: virtual.getTotalSize() }}
      >
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return row ? (
            <Line
              key={row.tutor_id}
              row={row}
              top={item.start - top}
              place={item.index}
              current={item.index === at}
            />
          ) : null;
        })}
      </div>
    </div>
  );
}

interface CursorProps {
  /** What is listed: of another list nothing is marked. */
  of: string;
  rows: number;
  body: RefObject<HTMLElement | null>;
  /** The first row in sight, where one begins. */
  first: () => number;
  onMove: (place: number) => void;
}

/** j and k go down and up, as in mail programs; the link of the row has the focus. */
function useCursor({ of, rows, body, first, onMove }: CursorProps): number | null {
  const [marked, setMarked] = useState<{ of: string; at: number } | null>(null);
  const at = marked?.of === of ? marked.at : null;
  const unfocused = useRef(false);
  useEffect(() => {
    // A row far away is there only once the page has been scrolled to it.
    const link = unfocused.current && body.current?.querySelector<HTMLElement>("[data-at] a");
    if (!link) return;
    unfocused.current = false;
    link.focus({ preventScroll: true });
  });
  useEffect(() => {
    function press(event: KeyboardEvent): void {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (
        event.target instanceof HTMLElement &&
        event.target.closest("input, textarea, [role=dialog], [role=menu], [role=listbox]")
      )
        return;
      const by = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
      if (!by || !rows) return;
      const next = Math.min(rows - 1, Math.max(0, at === null ? first() : at + by));
      if (next === at) {
        body.current?.querySelector<HTMLElement>("[data-at] a")?.focus();
        return;
      }
      unfocused.current = true;
      setMarked({ of, at: next });
      onMove(next);
    }
    window.addEventListener("keydown", press);
    return () => {
      window.removeEventListener("keydown", press);
    };
  }, [of, rows, at, body, first, onMove]);
  return at;
}

interface HeadProps {
  sort: Sort;
  search: TutorsSearch;
  onSort: (sort: Sort, order: "asc" | "desc") => void;
  className?: string;
}

function Head({ sort, search, onSort, className }: HeadProps): ReactNode {
  const on = (search.sort ?? "churn_score") === sort;
  const order = search.order ?? defaultOrder(sort);
  return (
    <span
      role="columnheader"
      aria-sort={on ? (order === "asc" ? "ascending" : "descending") : "none"}
      className={className}
    >
      <button
        type="button"
        className={classNames(
          "inline-flex h-8 items-center gap-0.5 hover:text-ink",
          on && "font-medium text-ink",
        )}
        onClick={() => {
          onSort(sort, on ? (order === "asc" ? "desc" : "asc") : defaultOrder(sort));
        }}
      >
        <span className="text-left">
          {SORT_TITLES[sort]}
          {SORT_WINDOWS[sort] && (
            <span className="block text-2xs leading-3">{SORT_WINDOWS[sort]}</span>
          )}
        </span>
        {on && <Icon name={order === "asc" ? "up" : "down"} className="size-3.5" />}
      </button>
    </span>
  );
}

interface LineProps {
  row: Row;
  top: number;
  place: number;
  current: boolean;
}

const Line = memo(function Line({ row, top, place, current }: LineProps): ReactNode {
  const tint = useChangedTint(row.updated_at);
  return (
    <div
      role="row"
      aria-rowindex={place + 2}
      data-at={current || undefined}
      style={{ transform: `translateY(${String(top)}px)` }}
      className={classNames(
        GRID,
        // The link is as wide as the row; what tells more when pointed at stands above it.
        "absolute inset-x-0 h-13 border-b border-line hover:bg-canvas [&_[title]]:relative",
        current && "bg-accent-soft!",
        tint,
      )}
    >
      <span role="cell" className="min-w-0">
        <Link
          to="/tutors/$tutorId"
          params={{ tutorId: row.tutor_id }}
          className="block truncate font-medium after:absolute after:inset-0 hover:underline"
        >
          {row.name ?? row.tutor_id}
        </Link>
        <span className="block truncate text-xs text-muted">
          {row.override && (
            <span className="text-accent">overridden: {count(row.override.score)} · </span>
          )}
          {/* A phone has no column for it. */}
          <span className="sm:hidden">
            {percent(row.reschedule_rate.value)} of {count(row.reschedule_rate.n)} moved ·{" "}
          </span>
          {row.status === "active" ? "" : `${words(row.status)} · `}
          {row.subjects.join(", ") || "No subject known"}
        </span>
      </span>
      <span role="cell">
        <span className="flex items-center gap-2">
          <strong className="w-6 text-right font-semibold">{count(row.churn_score)}</strong>
          <RiskBadge level={row.risk_level} />
        </span>
        <Trend row={row} />
      </span>
      <span role="cell" className={SM}>
        {chance(row.probabilities["30d"])}
      </span>
      <span role="cell" className={SM}>
        <Rate row={row} />
      </span>
      <span role="cell" className={XL}>
        {row.tier}
      </span>
      <span role="cell" className={WIDE}>
        {decimal(row.avg_rating)}
      </span>
      <span role="cell" className={XL}>
        {count(row.sessions)}
      </span>
      <span role="cell" className={classNames(XL, "flex max-h-12 flex-wrap gap-1 overflow-hidden")}>
        <Flags row={row} />
      </span>
      <span role="cell" className={classNames(WIDE, "text-xs text-muted")}>
        <Ago at={row.updated_at} />
      </span>
    </div>
  );
});

function Trend({ row }: { row: Row }): ReactNode {
  const [first] = row.trend;
  if (first === undefined || row.trend.length < 2) return null;
  const said = `Over ${count(row.trend.length)} nights from ${count(first)} to ${count(row.trend.at(-1))}`;
  return (
    <span title={said} className="block">
      <Sparkline values={row.trend} label={said} stroke={RISK_STROKES[row.risk_level]} least={20} />
    </span>
  );
}

function Rate({ row }: { row: Row }): ReactNode {
  const { value, n, low, high } = row.reschedule_rate;
  const sure = row.confirmed_flags.includes("high_reschedule_rate");
  return (
    <span title={value === null ? undefined : `95 % between ${percent(low)} and ${percent(high)}`}>
      <span className={sure ? "font-medium text-critical" : undefined}>{percent(value)}</span>
      <span className="text-xs text-muted"> of {count(n)}</span>
    </span>
  );
}

function Flags({ row }: { row: Row }): ReactNode {
  const title = useFlagTitle();
  const sure = new Set(row.confirmed_flags);
  const ordered = [...row.flags].sort((a, b) => Number(sure.has(b)) - Number(sure.has(a)));
  const rest = ordered.slice(FLAGS_SHOWN);
  return (
    <>
      {ordered.slice(0, FLAGS_SHOWN).map((flag) => (
        <Badge
          key={flag}
          tone={sure.has(flag) ? "high" : "neutral"}
          dashed={!sure.has(flag)}
          title={sure.has(flag) ? "Confirmed" : "Provisional: too few sessions to be sure"}
        >
          {title(flag)}
        </Badge>
      ))}
      {rest.length > 0 && <Badge title={rest.map(title).join(", ")}>+{rest.length}</Badge>}
    </>
  );
}
