/** Where this copy of the site runs: what /config.json says, checked once at the start. */

export interface Place {
  stage: string;
  /** Who signs the tokens. */
  issuer: string;
  clientId: string;
  authorizeUrl: string;
  tokenUrl: string;
  logoutUrl: string;
}

const FIELDS = ["stage", "issuer", "clientId", "authorizeUrl", "tokenUrl", "logoutUrl"] as const;

/** Raises an Error that names the field where the file is not what it should be. */
export function place(said: unknown): Place {
  const found = said as Partial<Record<(typeof FIELDS)[number], unknown>> | null;
  for (const name of FIELDS) {
    if (typeof found?.[name] !== "string" || !found[name]) {
      throw new Error(`/config.json: ${name} must be text`);
    }
  }
  return found as Place;
}

export async function fetchPlace(): Promise<Place> {
  const answer = await fetch("/config.json", { cache: "no-cache" });
  if (!answer.ok) throw new Error(`/config.json: ${String(answer.status)}`);
  return place(await answer.json());
}
