/** The list's filters and sort as they stand in the address: what is shared is what is seen. */
import { RISKS, TIERS } from "@/format/word";

export const SORTS = [
  "churn_score",
  "p30",
  "reschedule_rate",
  "sessions",
  "name",
  "updated_at",
] as const;
export type Sort = (typeof SORTS)[number];

export const STATUSES = ["active", "on_leave", "resigned", "deactivated"] as const;

/** Several values of one filter are joined by commas; "any of" is meant. */
export interface TutorsSearch {
  q?: string;
  risk?: string;
  tier?: string;
  flag?: string;
  /** Only flags that are sure. */
  sure?: true;
  subject?: string;
  status?: string;
  sort?: Sort;
  order?: "asc" | "desc";
}

const FILTERS = ["q", "risk", "tier", "flag", "subject", "status"] as const;

/** What an address says; what it can not mean is left out. */
export function tutorsSearch(said: Record<string, unknown>): TutorsSearch {
  const found: TutorsSearch = {};
  for (const name of FILTERS) {
    const value = said[name];
    const text = typeof value === "number" ? String(value) : value; // digits alone are read as one
    if (typeof text === "string" && text) found[name] = text.slice(0, 200);
  }
  if (said.sure === true || said.sure === "true") found.sure = true;
  const sort = SORTS.find((one) => one === said.sort);
  if (sort) found.sort = sort;
  if (said.order === "asc" || said.order === "desc") found.order = said.order;
  return found;
}

export function chosen(values: string | undefined): string[] {
  return values ? values.split(",") : [];
}

/** A filter with a value switched on or off; undefined where none is left. */
export function toggled(values: string | undefined, value: string): string | undefined {
  const now = chosen(values);
  const next = now.includes(value) ? now.filter((one) => one !== value) : [...now, value];
  return next.join(",") || undefined;
}

export function defaultOrder(sort: Sort): "asc" | "desc" {
  return sort === "name" ? "asc" : "desc";
}

export const RISK_OPTIONS = RISKS;
export const TIER_OPTIONS = TIERS;
