/** Thirteen weeks as a calendar: a column a week, a row a weekday, a mark for each session. */
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { dateOf } from "@/format/time";
import { classNames } from "@/ui/class-names";
import { Scroll } from "@/ui/scroll";

const WEEKS = 13;
const DAY_MS = 24 * 3600 * 1000;
const CELL = 18;
const LEFT = 34;
const TOP = 16;
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

type Session = Schemas["SessionListItem"];

export interface StripDay {
  at: Date;
  /** False before the oldest session at hand, where there are older ones. */
  known: boolean;
  taught: number;
  moved: number;
  missed: number;
}

/**
 * The days of thirteen weeks, from a Monday on; a moved session stands at the day it was moved from.
 * `more` says that there are older sessions than these.
 */
export function stripDays(sessions: readonly Session[], now: Date, more = false): StripDay[] {
  const monday = new Date(now);
  monday.setHours(0, 0, 0, 0);
  monday.setDate(monday.getDate() - ((monday.getDay() + 6) % 7) - 7 * (WEEKS - 1));
  const oldest = Math.min(...sessions.map((session) => Date.parse(session.scheduled_time)));
  const days = Array.from({ length: 7 * WEEKS }, (_, place) => {
    const at = new Date(monday);
    at.setDate(at.getDate() + place);
    return { at, known: !more || at.getTime() >= oldest, taught: 0, moved: 0, missed: 0 };
  });
  const count = (when: string | null, what: "taught" | "moved" | "missed") => {
    if (when === null) return;
    const at = new Date(when);
    at.setHours(0, 0, 0, 0);
    const day = days[Math.round((at.getTime() - monday.getTime()) / DAY_MS)];
    if (day) day[what] += 1;
  };
  for (const session of sessions) {
    for (const move of session.reschedules) {
      if (move.initiator === "tutor") count(move.original_time, "moved");
    }
    if (session.outcomes.includes("completed")) count(session.completed_time, "taught");
    if (session.outcomes.includes("tutor_no_show")) count(session.scheduled_time, "missed");
  }
  return days;
}

interface StripProps {
  sessions: readonly Session[];
  /** Whether there are older ones. */
  more: boolean;
}

export function Strip({ sessions, more }: StripProps): ReactNode {
  const days = stripDays(sessions, new Date(), more);
  const worst = worstWeekday(days);
  return (
    <figure className="border-t border-line px-4 py-3">
      <figcaption className="mb-2 flex flex-wrap gap-x-4 text-xs text-muted">
        <Legend className="fill-good/60" name="taught" />
        <Legend className="fill-high" name="moved by the tutor" />
        <Legend className="fill-critical" name="missed by the tutor" />
        {worst && <strong className="font-medium text-ink">{worst}</strong>}
      </figcaption>
      <Scroll label="Calendar of sessions">
        <svg
          width={LEFT + WEEKS * CELL}
          height={TOP + 7 * CELL}
          role="img"
          aria-label={`Thirteen weeks of sessions. ${worst ?? "No weekday stands out."}`}
        >
          {WEEKDAYS.map((name, row) => (
            <text key={name} x="0" y={TOP + row * CELL + 12} className="fill-faint text-2xs">
              {name}
            </text>
          ))}
          {days.map((day, place) => (
            <Cell key={day.at.toISOString()} day={day} place={place} />
          ))}
        </svg>
      </Scroll>
    </figure>
  );
}

function Cell({ day, place }: { day: StripDay; place: number }): ReactNode {
  const x = LEFT + Math.floor(place / 7) * CELL;
  const y = TOP + (place % 7) * CELL;
  const fill = !day.known
    ? "fill-none stroke-line"
    : day.missed
      ? "fill-critical"
      : day.moved
        ? "fill-high"
        : day.taught
          ? "fill-good/60"
          : "fill-line/70";
  const told = day.known
    ? [
        `${String(day.taught)} taught`,
        day.moved && `${String(day.moved)} moved`,
        day.missed && `${String(day.missed)} missed`,
      ]
    : ["not all of its sessions are shown here"];
  const first = place % 7 === 0 && day.at.getDate() <= 7;
  return (
    <>
      {first && (
        <text x={x} y="10" className="fill-faint text-2xs">
          {day.at.toLocaleDateString("en-GB", { month: "short" })}
        </text>
      )}
      <rect x={x} y={y} width={CELL - 3} height={CELL - 3} rx="3" className={fill}>
        <title>{`${dateOf(day.at.toISOString())}: ${told.filter(Boolean).join(", ")}`}</title>
      </rect>
    </>
  );
}

function Legend({ className, name }: { className: string; name: string }): ReactNode {
  return (
    <span className="inline-flex items-center gap-1.5">
      <svg width="10" height="10" aria-hidden="true">
        <rect width="10" height="10" rx="2" className={classNames(className)} />
      </svg>
      {name}
    </span>
  );
}

/** A weekday with at least three moves and half of them all, said in words. */
export function worstWeekday(days: readonly StripDay[]): string | null {
  const moves = WEEKDAYS.map((_, row) =>
    days.reduce((sum, day, place) => sum + (place % 7 === row ? day.moved + day.missed : 0), 0),
  );
  const total = moves.reduce((sum, one) => sum + one, 0);
  const most = Math.max(...moves);
  const name = WEEKDAYS[moves.indexOf(most)];
  if (!name || most < 3 || most * 2 < total) return null;
  return `${String(most)} of ${String(total)} moved or missed on a ${name}`;
}
