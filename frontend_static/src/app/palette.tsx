/** Find a tutor or a page by a few letters. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type ReactNode, useId, useMemo, useState } from "react";
import { sentence } from "@/api/problem";
import { allTutors } from "@/api/query";
import { useApi } from "@/api/use-api";
import { count } from "@/format/number";
import { seesTutors } from "@/session/session";
import { usePerson } from "@/session/use-session";
import { RiskBadge } from "@/ui/badge";
import { classNames } from "@/ui/class-names";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { usePages } from "./shell";

const MOST = 8;

interface Hit {
  key: string;
  title: string;
  aside: ReactNode;
  open: () => void;
}

export default function Palette({ onClose }: { onClose: () => void }): ReactNode {
  const [sought, setSought] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const { hits, lacking } = useHits(sought, onClose);

  function press(event: KeyboardEvent): void {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by) {
      event.preventDefault();
      setAt(Math.min(hits.length - 1, Math.max(0, at + by)));
    }
    if (event.key === "Enter") hits[at]?.open();
  }

  return (
    <Dialog open onClose={onClose} title="Find a tutor or a page">
      <input
        // eslint-disable-next-line jsx-a11y/no-autofocus -- the dialog was opened to type here
        autoFocus
        role="combobox"
        aria-expanded={hits.length > 0}
        aria-controls={id}
        aria-activedescendant={hits[at] && `${id}-${String(at)}`}
        aria-label="Name, id, subject or page"
        placeholder="Name, id, subject or page"
        value={sought}
        onChange={(event) => {
          setSought(event.target.value);
          setAt(0);
        }}
        onKeyDown={press}
        className="h-10 w-full rounded-md border border-line-strong bg-surface px-3"
      />
      <div className="mt-2 min-h-72">
        {/* A list has something in it; what there is to say of nothing stands below. */}
        <div
          id={id}
          role={hits.length ? "listbox" : undefined}
          aria-label={hits.length ? "Found" : undefined}
        >
          {hits.map((hit, place) => (
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the input takes the keys
            <div
              key={hit.key}
              id={`${id}-${String(place)}`}
              role="option"
              tabIndex={-1}
              aria-selected={place === at}
              onClick={hit.open}
              onPointerMove={() => {
                setAt(place);
              }}
              className={classNames(
                "flex h-9 cursor-pointer items-center justify-between gap-3 rounded px-3",
                place === at && "bg-accent-soft",
              )}
            >
              <span className="truncate">{hit.title}</span>
              {hit.aside}
            </div>
          ))}
        </div>
        {(!hits.length || (sought && lacking)) && (
          <p role="status" className="px-3 py-2 text-muted">
            {lacking ?? "Nothing matches."}
          </p>
        )}
      </div>
    </Dialog>
  );
}

interface Found {
  hits: Hit[];
  /** Why tutors are not among them yet. */
  lacking: string | null;
}

function useHits(sought: string, onClose: () => void): Found {
  const { data, isLoading, error } = useQuery({
    ...allTutors(useApi()),
    enabled: seesTutors(usePerson()),
  });
  const known = usePages();
  const navigate = useNavigate();
  const hits = useMemo(() => {
    const words = sought.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const matches = (text: string) =>
      words.every((word) => text.toLocaleLowerCase().includes(word));
    const pages = known
      .filter((page) => matches(page.title))
      .map((page) => ({
        key: page.to,
        title: page.title,
        aside: <Icon name={page.icon} className="size-4 text-muted" />,
        open: () => {
          onClose();
          void navigate({ to: page.to, search: page.search ?? {} });
        },
      }));
    const tutors = (words.length ? (data ?? []) : [])
      .filter((row) => matches([row.name, row.tutor_id, ...row.subjects].join(" ")))
      .slice(0, MOST)
      .map((row) => ({
        key: row.tutor_id,
        title: `${row.name ?? row.tutor_id} · ${row.subjects.join(", ")}`,
        aside: (
          <span className="flex items-center gap-2">
            {count(row.churn_score)} <RiskBadge level={row.risk_level} />
          </span>
        ),
        open: () => {
          onClose();
          void navigate({ to: "/tutors/$tutorId", params: { tutorId: row.tutor_id } });
        },
      }));
    return [...pages, ...tutors].slice(0, MOST);
  }, [sought, data, known, navigate, onClose]);
  const why = error && `Tutors can not be searched. ${sentence(error)}`;
  return { hits, lacking: data ? null : isLoading ? "Tutors are being loaded…" : why };
}
