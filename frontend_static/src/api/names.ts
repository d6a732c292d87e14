/** What flags are called; a code in words until that has come. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { words } from "@/format/word";
import { definitions } from "./query";
import { useApi } from "./use-api";

export function useFlagTitle(): (code: string) => string {
  const { data } = useQuery(definitions(useApi()));
  const titles = useMemo(() => new Map(data?.flags.map((flag) => [flag.name, flag.title])), [data]);
  return useCallback((code) => titles.get(code) ?? words(code), [titles]);
}
