/**
 * Who is signed in: OpenID Connect, authorization code with PKCE (RFC 7636).
 *
 * Tokens live in this tab's session storage, so that they end with it; a refresh token renews them
 * silently. Who is signed in elsewhere is let in again without a password.
 */
import { ErrorResponse, type User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import type { Place } from "./place";

export const SIGNED_IN_PATH = "/signed-in";
/** Where the small window returns to that somebody signs in again in. */
export const SIGNED_IN_AGAIN_PATH = "/signed-in-again";
/** Roles whose work this site is. */
export const STAFF = ["ops_manager", "people_ops", "admin"] as const;
export type Role = (typeof STAFF)[number];

export interface Person {
  name: string;
  roles: readonly Role[];
}

/** Whether the API shows somebody tutors; who only looks after settings sees none. */
export function seesTutors(person: Person): boolean {
  return queueOf(person) !== undefined;
}

/** The queue of interventions that waits for somebody and their like. */
export function queueOf(person: Person): Role | undefined {
  return person.roles.find((role) => role !== "admin");
}

/** No access token, and none to be had without the person. */
export class SignedOutError extends Error {
  constructor() {
    super("You are signed out.");
  }
}

/** What was found where the site was opened. */
interface Beginning {
  /** Whether it was the end of a sign-in that another window asked for. */
  handedOver?: true;
  /** The page that somebody wanted before they had to sign in. */
  returnTo?: string;
}

export class Session {
  readonly #users: UserManager;
  readonly #place: Place;
  readonly #watchers = new Set<() => void>();
  #user: User | null = null;
  #ended = false;
  #renewal: Promise<User | null> | null = null;

  constructor(place: Place, origin: string) {
    const store = new WebStorageStateStore({ store: window.sessionStorage });
    this.#place = place;
    this.#users = new UserManager({
      authority: place.issuer,
      metadata: {
        issuer: place.issuer,
        authorization_endpoint: place.authorizeUrl,
        token_endpoint: place.tokenUrl,
      },
      client_id: place.clientId,
      redirect_uri: origin + SIGNED_IN_PATH,
      popup_redirect_uri: origin + SIGNED_IN_AGAIN_PATH,
      scope: "openid profile",
      userStore: store,
      stateStore: store,
      automaticSilentRenew: false, // a token is renewed when it is asked for: a tab asleep needs none
      monitorSession: false,
    });
  }

  /** Read what this tab holds; at the addresses sign-in returns to, finish it. */
  async begin(url: URL): Promise<Beginning> {
    if (url.pathname === SIGNED_IN_AGAIN_PATH) {
      await this.#users.signinPopupCallback(url.href);
      return { handedOver: true };
    }
    if (url.pathname === SIGNED_IN_PATH) {
      this.#user = await this.#users.signinRedirectCallback(url.href);
      return { returnTo: typeof this.#user.state === "string" ? this.#user.state : "/" };
    }
    this.#user = await this.#users.getUser();
    return {};
  }

  /** Who is signed in, also while the session has to be renewed; null before anybody was. */
  get person(): Person | null {
    return this.#user ? person(this.#user.profile) : null;
  }

  /** Whether the session ran out under somebody's hands. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * An access token that still holds; raises SignedOutError where there is none, and whatever else
   * it is where nobody could be asked for one.
   */
  async token(): Promise<string> {
    if (this.#user && (this.#user.expires_in ?? 0) > 30) return this.#user.access_token;
    return this.#renewed();
  }

  /** The API said the token does not hold: get another one, or let the person sign in. */
  async refused(): Promise<string> {
    return this.#renewed();
  }

  /** Unasked, it takes the place of the page in the history: back leads to where one came from. */
  async signIn(returnTo: string, how: "asked" | "unasked" = "asked"): Promise<void> {
    const redirectMethod = how === "asked" ? "assign" : "replace";
    await this.#users.signinRedirect({ state: returnTo, redirectMethod });
  }

  /**
   * Sign in again beside the page, so that nothing on it is lost. Where it is somebody else who
   * does, the page is not theirs: they begin anew.
   */
  async signInAgain(): Promise<void> {
    const before = this.#user?.profile.sub;
    const user = await this.#users.signinPopup();
    if (before !== undefined && user.profile.sub !== before) {
      window.location.assign("/");
      return;
    }
    this.#user = user;
    this.#ended = false;
    this.#tell();
  }

  async signOut(): Promise<void> {
    await this.#users.removeUser();
    const goTo = new URL(this.#place.logoutUrl);
    goTo.searchParams.set("client_id", this.#place.clientId);
    goTo.searchParams.set("logout_uri", `${window.location.origin}/`); // Cognito's own, not OIDC's
    window.location.assign(goTo);
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async #renewed(): Promise<string> {
    try {
      if (!this.#user?.refresh_token) throw new SignedOutError();
      // Several requests find the token expired at once; one renewal serves them all.
      this.#renewal ??= this.#users.signinSilent().finally(() => {
        this.#renewal = null;
      });
      const user = await this.#renewal;
      if (!user) throw new SignedOutError();
      this.#user = user;
      if (this.#ended) {
        this.#ended = false;
        this.#tell();
      }
      return user.access_token;
    } catch (fault) {
      // Not to be reached is not to be signed out: the next request tries again.
      if (!(fault instanceof ErrorResponse || fault instanceof SignedOutError)) throw fault;
      this.#ended = true;
      this.#tell();
      throw new SignedOutError();
    }
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** What the identity token says of somebody. */
export function person(profile: Record<string, unknown>): Person {
  const groups = profile["cognito:groups"];
  const told = Array.isArray(groups) ? groups : [];
  const name = profile["cognito:username"] ?? profile.name ?? profile.sub;
  return { name: String(name), roles: STAFF.filter((role) => told.includes(role)) };
}
