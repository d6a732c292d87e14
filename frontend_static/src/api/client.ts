/** The one way to the API: every request with a fresh token, every refusal as an ApiError. */
import createClient, { type Client, type Middleware } from "openapi-fetch";
import { type Session, SignedOutError } from "@/session/session";
import { ApiError, problem } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Api = Client<paths>;

export function createApi(session: Session, fetcher: typeof fetch = fetch): Api {
  const api = createClient<paths>({ fetch: (request) => ask(request, session, fetcher) });
  const refusals: Middleware = {
    async onResponse({ response }) {
      if (!response.ok) throw await problem(response);
    },
  };
  api.use(refusals);
  return api;
}

async function ask(request: Request, session: Session, fetcher: typeof fetch): Promise<Response> {
  const again = request.clone();
  const first = await sent(request, await held(session.token()), fetcher);
  if (first.status !== 401) return first;
  return sent(again, await held(session.refused()), fetcher);
}

async function held(token: Promise<string>): Promise<string> {
  try {
    return await token;
  } catch (fault) {
    if (fault instanceof SignedOutError) throw fault;
    throw new ApiError(0, "Sign-in can not be reached.");
  }
}

async function sent(request: Request, token: string, fetcher: typeof fetch): Promise<Response> {
  request.headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetcher(request);
  } catch (fault) {
    if (request.signal.aborted) throw fault;
    throw new ApiError(0, "The service can not be reached.");
  }
}

/** What an answer holds; the middleware has thrown where there is none. */
export function told<T>(answer: { data?: T }): T {
  return answer.data as T;
}
