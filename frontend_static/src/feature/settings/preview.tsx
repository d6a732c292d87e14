/** The alarm budget: what moved dials would have opened over the last 30 nights. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { told } from "@/api/client";
import { sentence } from "@/api/problem";
import { useApi } from "@/api/use-api";
import { count, decimal } from "@/format/number";
import { roleTitle } from "@/format/word";
import { Button } from "@/ui/button";

export function Preview({ values }: { values: Record<string, number> }): ReactNode {
  const api = useApi();
  const asked = useQuery({
    queryKey: ["dry run", values],
    queryFn: async ({ signal }) =>
      told(await api.POST("/api/settings/interventions/dry-run", { body: { values }, signal })),
    enabled: false,
    retry: false,
  });
  const found = asked.data;
  return (
    <section
      aria-label="What this would do"
      className="mt-3 rounded-md border border-line bg-canvas p-3"
    >
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-muted">What would this have opened over the last 30 nights?</p>
        <Button small disabled={asked.isFetching} onClick={() => void asked.refetch()}>
          {asked.isFetching ? "Looking through the nights…" : "Preview"}
        </Button>
      </div>
      {asked.isError && !asked.isFetching && (
        <p role="alert" className="mt-2 text-critical">
          {sentence(asked.error)}
        </p>
      )}
      {found && !asked.isFetching && (
        <>
          <table className="mt-2 w-full">
            <thead className="text-xs text-muted">
              <tr>
                <th scope="col" className="text-left font-normal">
                  Owner
                </th>
                <th scope="col" className="text-right font-normal">
                  A day now
                </th>
                <th scope="col" className="text-right font-normal">
                  A day then
                </th>
                <th scope="col" className="text-right font-normal">
                  Hours a day then
                </th>
              </tr>
            </thead>
            <tbody>
              {found.proposed.by_owner.map((load) => {
                const now = found.in_force.by_owner.find((one) => one.owner === load.owner);
                return (
                  <tr key={load.owner} className="border-t border-line">
                    <th scope="row" className="py-1 text-left font-normal">
                      {roleTitle(load.owner)}
                    </th>
                    <td className="py-1 text-right">{decimal(now?.a_day)}</td>
                    <td className="py-1 text-right font-medium">{decimal(load.a_day)}</td>
                    <td className="py-1 text-right">{decimal(load.hours_a_day)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
          <p className="mt-1 text-xs text-muted">
            {found.asked < found.tutors
              ? `Asked of ${count(found.asked)} of ${count(found.tutors)} tutors, a fair sample, `
              : `Asked of all ${count(found.tutors)} tutors at work `}
            over {count(found.nights)} nights.
          </p>
        </>
      )}
    </section>
  );
}
