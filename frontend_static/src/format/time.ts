/** Instants and spans in the viewer's zone and words. */
import { UNKNOWN } from "./number";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const UTC = { timeZone: "UTC" } as const;
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", ...UTC });
const shortDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const calendarDay = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  ...UTC,
});
const dayAndTime = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const utc = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "medium",
  timeZone: "UTC",
});

export function dateOf(at: string | null | undefined): string {
  return at ? day.format(new Date(at)) : UNKNOWN;
}

export function shortDateOf(at: string): string {
  return shortDate.format(new Date(at));
}

/** A day of the calendar, such as 2026-11-25, which is the same day everywhere. */
export function dayOf(day: string | null | undefined): string {
  return day ? calendarDay.format(new Date(day)) : UNKNOWN;
}

/** Likewise, without the year. */
export function shortDayOf(at: string): string {
  return shortDay.format(new Date(at));
}

export function timeOf(at: string | null | undefined): string {
  return at ? dayAndTime.format(new Date(at)) : UNKNOWN;
}

export function utcOf(at: string): string {
  return `${utc.format(new Date(at))} UTC`;
}

/** How long something took, in the largest unit that tells enough. */
export function span(seconds: number | null | undefined): string {
  if (seconds == null) return UNKNOWN;
  const size = Math.abs(seconds);
  if (size < MINUTE) return `${String(Math.round(size))} s`;
  if (size < HOUR) return `${String(Math.round(size / MINUTE))} min`;
  if (size < 2 * DAY) return `${String(Math.round(size / HOUR))} h`;
  return `${String(Math.round(size / DAY))} d`;
}

/** "5 min ago", "in 3 h". */
export function relative(at: string, now: number): string {
  const seconds = (Date.parse(at) - now) / 1000;
  if (Math.abs(seconds) < 45) return "now";
  return seconds < 0 ? `${span(seconds)} ago` : `in ${span(seconds)}`;
}

/** A day in the viewer's zone, so many days from now, as a date field takes it. */
export function dateIn(days: number): string {
  return dayValue(new Date(Date.now() + days * 24 * 3600 * 1000));
}

/** The day of a moment in the viewer's zone, as a date field takes it. */
export function dayValue(at: Date): string {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()]
    .map((n) => String(n).padStart(2, "0"))
    .join("-");
}
