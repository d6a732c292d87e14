/** Which of the tutors are shown, and in which order: filters and sorts over all rows at hand. */
import type { Schemas } from "@/api/client";
import { GONE } from "@/format/word";
import {
  chosen,
  defaultOrder,
  EVERYBODY,
  type Sort,
  STATUSES,
  TIER_OPTIONS,
  type TutorsSearch,
} from "./search";

export type Row = Schemas["TutorListItem"];

const MANY = 1000;
const VALUE: Record<Sort, (row: Row) => number | string | null> = {
  churn_score: (row) => row.churn_score,
  p30: (row) => row.probabilities["30d"] ?? null,
  reschedule_rate: (row) => row.reschedule_rate.value,
  tier: (row) => (row.tier === "New" ? null : TIER_OPTIONS.indexOf(row.tier)),
  avg_rating: (row) => row.avg_rating,
  sessions: (row) => row.sessions,
  // One that is sure weighs more than all that are not.
  flags: (row) => row.confirmed_flags.length * MANY + row.flags.length,
  name: (row) => (row.name ?? row.tutor_id).toLocaleLowerCase(),
  subject: (row) => row.subjects[0]?.toLocaleLowerCase() ?? null,
  status: (row) => STATUSES.indexOf(row.status),
  updated_at: (row) => row.updated_at,
};

/** The rows that pass every filter, sorted; who has no value comes last either way. */
export function shown(rows: readonly Row[], search: TutorsSearch): Row[] {
  const sort = search.sort ?? "churn_score";
  const sign = (search.order ?? defaultOrder(sort)) === "asc" ? 1 : -1;
  const value = VALUE[sort];
  return rows.filter(passing(search)).sort((one, other) => {
    const a = value(one);
    const b = value(other);
    if (a === b) return one.tutor_id < other.tutor_id ? -1 : 1;
    if (a === null) return 1;
    if (b === null) return -1;
    return a < b ? -sign : sign;
  });
}

function passing(search: TutorsSearch): (row: Row) => boolean {
  const risks = new Set(chosen(search.risk));
  const tiers = new Set(chosen(search.tier));
  const flags = chosen(search.flag);
  const statuses = new Set<string>(chosen(search.status));
  // Whoever has left is looked after no longer, and shown to who asks for them.
  const here = (status: string) =>
    search.status === EVERYBODY || (search.status ? statuses.has(status) : !GONE.includes(status));
  const words = (search.q ?? "").toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return (row) => {
    if (risks.size && !risks.has(row.risk_level)) return false;
    if (tiers.size && !tiers.has(row.tier)) return false;
    if (!here(row.status)) return false;
    if (search.subject && !row.subjects.includes(search.subject)) return false;
    const up = search.sure ? row.confirmed_flags : row.flags;
    if (flags.length && !flags.some((flag) => up.includes(flag))) return false;
    if (search.sure && !up.length) return false;
    if (!words.length) return true;
    const text = [row.name, row.tutor_id, ...row.subjects].join(" ").toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** Every value that occurs, sorted, for a filter's choices. */
export function occurring(rows: readonly Row[], values: (row: Row) => readonly string[]): string[] {
  return [...new Set(rows.flatMap(values))].sort((a, b) => a.localeCompare(b));
}
