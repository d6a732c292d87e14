/** Flags that are up: how sure, since when, on which sessions, and what clears them. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Schemas } from "@/api/client";
import { tutorSessions } from "@/api/query";
import { useApi } from "@/api/use-api";
import { shortDateOf, utcOf } from "@/format/time";
import { words } from "@/format/word";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { Defined } from "@/ui/defined";
import { Icon } from "@/ui/icon";
import { Empty } from "@/ui/state";
import { Time } from "@/ui/time";

const EVIDENCE_SHOWN = 5;

interface FlagsProps {
  tutorId: string;
  flags: readonly Schemas["Flag"][];
}

export function Flags({ tutorId, flags }: FlagsProps): ReactNode {
  const ordered = [...flags].sort(
    (a, b) => Number(b.status === "confirmed") - Number(a.status === "confirmed"),
  );
  return (
    <Card title="Flags">
      {ordered.length ? (
        <ul className="-my-1">
          {ordered.map((flag) => (
            <li key={flag.code} className="flex gap-3 border-t border-line py-3 first:border-t-0">
              <Icon
                name="flag"
                className={
                  flag.status === "confirmed"
                    ? "mt-0.5 size-4 text-critical"
                    : "mt-0.5 size-4 text-faint"
                }
              />
              <div className="min-w-0">
                <p className="flex flex-wrap items-center gap-2 font-medium">
                  <Defined part="flags" name={flag.code}>
                    {flag.title}
                  </Defined>
                  <Badge
                    tone={flag.status === "confirmed" ? "high" : "neutral"}
                    dashed={flag.status !== "confirmed"}
                  >
                    {words(flag.status)}
                  </Badge>
                </p>
                <p>{flag.explanation}</p>
                <p className="text-xs text-muted">
                  Since <Time at={flag.since} as="date" />. {flag.clears_when}
                </p>
                <Evidence tutorId={tutorId} sessions={flag.evidence} />
              </div>
            </li>
          ))}
        </ul>
      ) : (
        <Empty title="No flag is up" />
      )}
    </Card>
  );
}

interface EvidenceProps {
  tutorId: string;
  sessions: readonly string[];
}

/** Sessions that are shown further down are linked by their day, newest first; older ones are named.
 * The day of one that was moved is that on which it should have been. */
function Evidence({ tutorId, sessions }: EvidenceProps): ReactNode {
  const { data } = useQuery(tutorSessions(useApi(), tutorId));
  const [all, setAll] = useState(false);
  const dates = new Map(
    data?.items.map((one) => [
      one.session_id,
      one.reschedules[0]?.original_time ?? one.scheduled_time,
    ]),
  );
  const ordered = [...sessions].sort((a, b) =>
    (dates.get(b) ?? "").localeCompare(dates.get(a) ?? ""),
  );
  if (!sessions.length) return null;
  const rest = all ? 0 : sessions.length - EVIDENCE_SHOWN;
  return (
    <p className="mt-1 flex flex-wrap gap-x-2 text-xs">
      <span className="text-muted">Sessions</span>
      {(all ? ordered : ordered.slice(0, EVIDENCE_SHOWN)).map((id) => {
        const at = dates.get(id);
        return at ? (
          <Link
            key={id}
            from="/tutors/$tutorId"
            hash={`session-${id}`}
            title={`${id} · ${utcOf(at)}`}
            className="text-accent hover:underline"
          >
            {shortDateOf(at)}
          </Link>
        ) : (
          <span key={id}>{id}</span>
        );
      })}
      {rest > 0 && (
        <button
          type="button"
          className="text-muted underline decoration-line-strong underline-offset-2 hover:text-ink pointer-coarse:min-h-11 print:hidden"
          onClick={() => {
            setAll(true);
          }}
        >
          and {rest} more
        </button>
      )}
    </p>
  );
}
