/** The list's filters and sort as they stand in the address: what is shared is what is seen. */
import { RISKS, TIERS } from "@/format/word";

/** What the list can be sorted by, as columns and the choice of sorts name it. */
export const SORT_TITLES = {
  churn_score: "Churn score",
  p30: "Leaves in 30 d",
  reschedule_rate: "Rescheduled",
  tier: "Tier",
  avg_rating: "Rating",
  sessions: "Sessions",
  flags: "Flags",
  name: "Tutor",
  subject: "Subject",
  status: "Status",
  updated_at: "Updated",
} as const;
/** What they rest on, where that is not all there is. */
export const SORT_WINDOWS: Partial<Record<Sort, string>> = {
  reschedule_rate: "30 days",
  avg_rating: "30 days",
  sessions: "30 days",
};
export type Sort = keyof typeof SORT_TITLES;
export const SORTS = Object.keys(SORT_TITLES) as readonly Sort[];
/** These begin at their first value, all others at their highest. */
const RISING: readonly Sort[] = ["name", "subject", "status"];

export const STATUSES = ["active", "on_leave", "resigned", "deactivated", "unknown"] as const;

/** How everybody is asked for, also who has left. */
export const EVERYBODY = "all";

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
/** All that these can be. */
const VALUES: Partial<Record<(typeof FILTERS)[number], readonly string[]>> = {
  risk: RISKS,
  tier: TIERS,
  status: [EVERYBODY, ...STATUSES],
};

/** What an address says; what it can not mean is left out. */
export function tutorsSearch(said: Record<string, unknown>): TutorsSearch {
  const found: TutorsSearch = {};
  for (const name of FILTERS) {
    const value = said[name];
    const text = typeof value === "number" ? String(value) : value; // digits alone are read as one
    if (typeof text !== "string") continue;
    const possible = VALUES[name];
    const kept = possible
      ? chosen(text)
          .filter((one) => possible.includes(one))
          .join(",")
      : text;
    if (kept) found[name] = kept.slice(0, 200);
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
  return RISING.includes(sort) ? "asc" : "desc";
}

export const RISK_OPTIONS = RISKS;
export const TIER_OPTIONS = TIERS;
