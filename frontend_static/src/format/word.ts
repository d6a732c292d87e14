/** What codes of the API are called on screen. */

export const RISKS = ["critical", "high", "medium", "low"] as const;
export type Risk = (typeof RISKS)[number];

/** Of tutors who have left. */
export const GONE: readonly string[] = ["resigned", "deactivated"];

export const TIERS = [
  "Exemplary",
  "Strong",
  "Developing",
  "Needs Attention",
  "At Risk",
  "New",
] as const;

/** "high_reschedule_rate" as "High reschedule rate". */
export function words(code: string): string {
  const spaced = code.replaceAll("_", " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

const ROLES: Readonly<Record<string, string>> = {
  ops_manager: "Operations manager",
  people_ops: "People operations",
  admin: "Administrator",
  system: "Automated",
};

export function roleTitle(role: string): string {
  return ROLES[role] ?? words(role);
}
