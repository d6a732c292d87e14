/** What tutors and flags are called; an id, or a code in words, until that has come. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { words } from "@/format/word";
import { allTutors, definitions } from "./query";
import { useApi } from "./use-api";

export function useTutorName(): (tutorId: string) => string {
  const { data } = useQuery(allTutors(useApi()));
  const names = useMemo(() => new Map(data?.map((row) => [row.tutor_id, row.name])), [data]);
  return useCallback((tutorId) => names.get(tutorId) ?? tutorId, [names]);
}

export function useFlagTitle(): (code: string) => string {
  const { data } = useQuery(definitions(useApi()));
  const titles = useMemo(() => new Map(data?.flags.map((flag) => [flag.name, flag.title])), [data]);
  return useCallback((code) => titles.get(code) ?? words(code), [titles]);
}
