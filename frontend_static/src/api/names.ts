/** What tutors are called; an id until their rows have come. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { allTutors } from "./query";
import { useApi } from "./use-api";

export function useTutorName(): (tutorId: string) => string {
  const { data } = useQuery(allTutors(useApi()));
  const names = useMemo(() => new Map(data?.map((row) => [row.tutor_id, row.name])), [data]);
  return useCallback((tutorId) => names.get(tutorId) ?? tutorId, [names]);
}
