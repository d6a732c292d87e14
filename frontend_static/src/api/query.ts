/**
 * What pages read, one function an endpoint: where the answer is kept and how often it is looked at.
 *
 * The browser sends the ETag of what it has, so an unchanged answer costs a 304 without a body, and
 * structural sharing keeps unchanged rows the same objects: nothing flickers.
 */
import {
  infiniteQueryOptions,
  keepPreviousData,
  type QueryFunction,
  queryOptions,
  type QueryState,
  skipToken,
} from "@tanstack/react-query";
import { type Api, type Schemas, told } from "./client";
import type { paths } from "./schema";

export const POLL_MS = 30_000;
const MOST_MS = 5 * 60_000;
/** The most rows the API gives at once, and how many are enough to begin with. */
const PAGE = 1000;
const FIRST_PAGE = 50;
const SESSIONS_PAGE = 200;
/** Of thirteen weeks, which the calendar strip shows, at 30 sessions a week. */
const SESSIONS_MOST = 400;

export type InterventionFilter = NonNullable<
  paths["/api/interventions"]["get"]["parameters"]["query"]
>;

export function overview(api: Api) {
  return queryOptions({
    queryKey: ["overview"],
    queryFn: async ({ signal }) => told(await api.GET("/api/overview", { signal })),
    refetchInterval: nextLook,
  });
}

/**
 * How long until the next look: as long as the service has been away, so that a long outage is asked
 * about ever less often.
 */
export function nextLook({ state }: { state: LookedAt }): number {
  if (state.status !== "error") return POLL_MS;
  const away = state.dataUpdatedAt
    ? state.errorUpdatedAt - state.dataUpdatedAt
    : POLL_MS * state.errorUpdateCount; // it was never there: nobody knows since when it is away
  return Math.min(MOST_MS, Math.max(POLL_MS, away));
}

type LookedAt = Pick<
  QueryState<unknown>,
  "status" | "dataUpdatedAt" | "errorUpdatedAt" | "errorUpdateCount"
>;

/** The tutors at highest risk, for the first screen. */
export function worstTutors(api: Api, limit: number) {
  return queryOptions({
    queryKey: ["tutors", "worst", limit],
    queryFn: async ({ signal }) => {
      const query: NonNullable<paths["/api/tutors"]["get"]["parameters"]["query"]> = {
        risk: ["critical", "high"],
        status: ["active", "on_leave", "unknown"], // whoever has left needs nobody any more
        sort: "churn_score",
        limit,
      };
      return told(await api.GET("/api/tutors", { params: { query }, signal })).items;
    },
    refetchInterval: nextLook,
  });
}

/** Every tutor: sorting and filtering 5,000 rows here is quicker than asking for each view. */
export function allTutors(api: Api) {
  return queryOptions({
    queryKey: ["tutors", "all"],
    queryFn: async ({ signal, client }) => {
      // By id: whoever's score changes between two pages may stand on both.
      const rows = new Map<string, Schemas["TutorListItem"]>();
      let cursor: string | null = null;
      do {
        const query: { limit: number; cursor?: string } = { limit: rows.size ? PAGE : FIRST_PAGE };
        if (cursor) query.cursor = cursor;
        const page: Schemas["TutorList"] = told(
          await api.GET("/api/tutors", { params: { query }, signal }),
        );
        if (!rows.size) client.setQueryData(firstTutors().queryKey, page.items);
        for (const row of page.items) rows.set(row.tutor_id, row);
        cursor = page.next_cursor ?? null;
      } while (cursor);
      return [...rows.values()];
    },
    refetchInterval: nextLook,
  });
}

/** The first of them, while the others are on their way. */
export function firstTutors() {
  return queryOptions({
    queryKey: ["tutors", "first"],
    queryFn: skipToken as QueryFunction<Schemas["TutorListItem"][]> | typeof skipToken,
  });
}

export function tutor(api: Api, tutorId: string) {
  return queryOptions({
    queryKey: ["tutor", tutorId],
    queryFn: async ({ signal }) => {
      const params = { path: { tutor_id: tutorId } };
      const answer = told(await api.GET("/api/tutors/{tutor_id}", { params, signal }));
      return answer as Schemas["TutorDetail"]; // staff are never answered a tutor's own page
    },
    refetchInterval: nextLook,
  });
}

export function tutorHistory(api: Api, tutorId: string, days: number) {
  return queryOptions({
    queryKey: ["tutor", tutorId, "history", days],
    queryFn: async ({ signal }) => {
      const params = { path: { tutor_id: tutorId }, query: { days } };
      return told(await api.GET("/api/tutors/{tutor_id}/history", { params, signal }));
    },
  });
}

/** The newest sessions, and whether there are more. */
export function tutorSessions(api: Api, tutorId: string) {
  return queryOptions({
    queryKey: ["tutor", tutorId, "sessions"],
    queryFn: async ({ signal }) => {
      const found = new Map<string, Schemas["SessionListItem"]>();
      let cursor: string | null = null;
      do {
        const query: { limit: number; cursor?: string } = { limit: SESSIONS_PAGE };
        if (cursor) query.cursor = cursor;
        const params = { path: { tutor_id: tutorId }, query };
        const page: Schemas["SessionList"] = told(
          await api.GET("/api/tutors/{tutor_id}/sessions", { params, signal }),
        );
        for (const session of page.items) found.set(session.session_id, session);
        cursor = page.next_cursor ?? null;
      } while (cursor && found.size < SESSIONS_MOST);
      return { items: [...found.values()], more: cursor !== null };
    },
    refetchInterval: nextLook,
  });
}

export function tutorNotes(api: Api, tutorId: string) {
  return queryOptions({
    queryKey: ["tutor", tutorId, "notes"],
    queryFn: async ({ signal }) => {
      const params = { path: { tutor_id: tutorId } };
      return told(await api.GET("/api/tutors/{tutor_id}/notes", { params, signal })).items;
    },
    refetchInterval: nextLook,
  });
}

export function interventions(api: Api, filter: InterventionFilter) {
  return queryOptions({
    queryKey: ["interventions", filter],
    queryFn: async ({ signal }) =>
      told(await api.GET("/api/interventions", { params: { query: filter }, signal })),
    refetchInterval: nextLook,
    placeholderData: keepPreviousData,
  });
}

/** The work queue page by page. */
export function interventionPages(api: Api, filter: InterventionFilter) {
  return infiniteQueryOptions({
    queryKey: ["interventions", "pages", filter],
    queryFn: async ({ signal, pageParam }) => {
      const query = { ...filter, ...(pageParam && { cursor: pageParam }) };
      return told(await api.GET("/api/interventions", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: nextLook,
    placeholderData: keepPreviousData,
  });
}

/** Who can be given an intervention; asked for when somebody is about to give one. */
export function colleagues(api: Api) {
  return queryOptions({
    queryKey: ["colleagues"],
    queryFn: async ({ signal }) => told(await api.GET("/api/colleagues", { signal })).items ?? [],
    staleTime: 10 * POLL_MS,
  });
}

export function interventionAnalytics(api: Api) {
  return queryOptions({
    queryKey: ["analytics", "interventions"],
    queryFn: async ({ signal }) => told(await api.GET("/api/analytics/interventions", { signal })),
  });
}

export function overrideAnalytics(api: Api) {
  return queryOptions({
    queryKey: ["analytics", "overrides"],
    queryFn: async ({ signal }) => told(await api.GET("/api/analytics/overrides", { signal })),
  });
}

export function model(api: Api) {
  return queryOptions({
    queryKey: ["model"],
    queryFn: async ({ signal }) => told(await api.GET("/api/model", { signal })),
    staleTime: POLL_MS,
  });
}

export function definitions(api: Api) {
  return queryOptions({
    queryKey: ["definitions"],
    queryFn: async ({ signal }) => told(await api.GET("/api/definitions", { signal })),
    staleTime: 10 * POLL_MS,
  });
}

export function settings(api: Api) {
  return queryOptions({
    queryKey: ["settings"],
    queryFn: async ({ signal }) => told(await api.GET("/api/settings", { signal })),
  });
}

export function notifications(api: Api) {
  return queryOptions({
    queryKey: ["notifications"],
    queryFn: async ({ signal }) => told(await api.GET("/api/settings/notifications", { signal })),
  });
}
