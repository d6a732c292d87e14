/** Sessions and moves: a calendar strip in which "always Fridays" shows, and the list. */
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Schemas } from "@/api/client";
import { failure } from "@/api/problem";
import { tutorSessions } from "@/api/query";
import { useApi } from "@/api/use-api";
import { count, decimal } from "@/format/number";
import { words } from "@/format/word";
import { Badge, type Tone } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { classNames } from "@/ui/class-names";
import { Empty, Failed } from "@/ui/state";
import { Time } from "@/ui/time";
import { useScrolledTo } from "@/ui/use-scrolled-to";
import { Strip } from "./strip";

const SHOWN = 12;
type Session = Schemas["SessionListItem"];

const TONES: Record<Session["outcomes"][number], Tone> = {
  completed: "good",
  tutor_reschedule: "high",
  student_reschedule: "neutral",
  tutor_no_show: "critical",
  student_no_show: "neutral",
  cancelled: "neutral",
};

export function SessionsCard({ tutorId }: { tutorId: string }): ReactNode {
  const found = useQuery(tutorSessions(useApi(), tutorId));
  const [wanted, setWanted] = useState(false);
  const sessions = inOrder(found.data?.items ?? []);
  const coming = sessions.filter((session) => !session.outcomes.length && ahead(session));
  const past = sessions.filter((session) => !coming.includes(session));
  const more = found.data?.more ?? false;
  const sought = useLocation({ select: ({ hash }) => hash.replace(/^session-/, "") });
  const place = past.findIndex((session) => session.session_id === sought);
  const all = wanted || place >= SHOWN;
  useScrolledTo(place >= 0 ? `session-${sought}` : null);
  return (
    <Card
      title="Sessions"
      aside={found.data && `${more ? "the newest" : "all"} ${count(sessions.length)}`}
      className="mt-4"
      flush
    >
      {found.isError && !found.data ? (
        <Failed {...failure(found)} />
      ) : sessions.length ? (
        <>
          <Strip sessions={sessions} more={more} />
          {coming.length > 0 && (
            <details className="border-t border-line px-4 py-2">
              <summary className="cursor-pointer text-muted hover:text-ink">
                {count(coming.length)} booked
              </summary>
              <ul className="-mx-4 mt-2">
                {coming.toReversed().map((session) => (
                  <Line key={session.session_id} session={session} sought={false} />
                ))}
              </ul>
            </details>
          )}
          <ul>
            {(all ? past : past.slice(0, SHOWN)).map((session) => (
              <Line
                key={session.session_id}
                session={session}
                sought={session.session_id === sought}
              />
            ))}
          </ul>
          {!all && past.length > SHOWN && (
            <div className="flex justify-center border-t border-line p-3 print:hidden">
              <Button
                onClick={() => {
                  setWanted(true);
                }}
              >
                Show all {count(past.length)}
              </Button>
            </div>
          )}
        </>
      ) : (
        <Empty title="No sessions yet" />
      )}
    </Card>
  );
}

/** As they are held now, the newest first: a session that was moved stands where it was moved to. */
function inOrder(sessions: readonly Session[]): Session[] {
  return [...sessions].sort((a, b) => Date.parse(b.scheduled_time) - Date.parse(a.scheduled_time));
}

function ahead(session: Session): boolean {
  return Date.parse(session.scheduled_time) > Date.now();
}

interface LineProps {
  session: Session;
  /** Whether the address names it. */
  sought: boolean;
}

function Line({ session, sought }: LineProps): ReactNode {
  const notes = [
    session.session_number === 1 && "first with this student",
    session.rating !== null && `${decimal(session.rating)} of 5`,
    (session.late_minutes ?? 0) > 5 && `${count(session.late_minutes)} min late`,
    session.technical_issues && "technical trouble",
    session.feedback.some((said) => said.would_recommend === false) &&
      "would not work with the tutor again",
  ].filter(Boolean);
  return (
    <li
      id={`session-${session.session_id}`}
      className={classNames(
        "grid scroll-mt-16 grid-cols-[8.5rem_minmax(0,1fr)] gap-x-3 border-t border-line px-4 py-2",
        sought && "bg-accent-soft",
      )}
    >
      <span className="text-xs text-muted">
        <Time at={session.scheduled_time} />
      </span>
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span>{session.subject ?? "Session"}</span>
          {session.outcomes.length ? (
            session.outcomes.map((outcome, place) => (
              <Badge key={`${outcome}${String(place)}`} tone={TONES[outcome]}>
                {words(outcome)}
              </Badge>
            ))
          ) : (
            <Badge>{words(session.status)}</Badge>
          )}
          <span className="text-xs text-muted">{notes.join(" · ")}</span>
        </p>
        {session.reschedules.map((move) => (
          <p key={move.new_time} className="text-xs text-muted">
            Moved by the {move.initiator} from <Time at={move.original_time} /> to{" "}
            <Time at={move.new_time} />
            {move.notice_hours !== null && `, ${count(move.notice_hours)} h before`}
            {move.reason && `: ${move.reason}`}
          </p>
        ))}
        <p className="text-2xs text-faint">
          {session.session_id} · Student {session.student}
        </p>
      </div>
    </li>
  );
}
