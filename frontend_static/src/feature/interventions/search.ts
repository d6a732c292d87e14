/** The work queue's filters as they stand in the address. */
export interface WorkSearch {
  /** A role or a user name. */
  owner?: string;
  status?: (typeof STATUSES)[number];
  overdue?: true;
  sort?: "benefit";
}

/** Characters of a user name, as the user pool allows. */
const OWNER_MOST = 128;

export const STATUSES = ["pending", "in_progress", "snoozed", "completed", "cancelled"] as const;

export function workSearch(said: Record<string, unknown>): WorkSearch {
  const found: WorkSearch = {};
  if (typeof said.owner === "string" && said.owner) found.owner = said.owner.slice(0, OWNER_MOST);
  const status = STATUSES.find((one) => one === said.status);
  if (status) found.status = status;
  if (said.overdue === true || said.overdue === "true") found.overdue = true;
  if (said.sort === "benefit") found.sort = "benefit";
  return found;
}
