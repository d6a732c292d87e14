/** The alarm budget: what moved dials or thresholds would have brought over the last 30 nights. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Schemas, told } from "@/api/client";
import { sentence } from "@/api/problem";
import { useApi } from "@/api/use-api";
import { count, decimal } from "@/format/number";
import { roleTitle } from "@/format/word";
import { Button } from "@/ui/button";

interface PreviewProps {
  part: "interventions" | "thresholds";
  values: Record<string, number>;
  /** Whether all of them are within their bounds. */
  possible: boolean;
}

export function Preview({ part, values, possible }: PreviewProps): ReactNode {
  const api = useApi();
  const asked = useQuery({
    queryKey: ["dry run", part, values],
    queryFn: async ({ signal }) =>
      told(await api.POST(`/api/settings/${part}/dry-run`, { body: { values }, signal })),
    enabled: false,
    retry: false,
  });
  const found = asked.data;
  const owners = found?.proposed.by_owner.map((then) => ({
    name: roleTitle(then.owner),
    cells: [
      aDay(found.in_force.by_owner.find((one) => one.owner === then.owner)),
      aDay(then),
      decimal(then.hours_a_day),
    ],
  }));
  const about = found && found.asked < found.tutors ? "≈ " : "";
  const codes = new Map(
    [...(found?.in_force.by_flag ?? []), ...(found?.proposed.by_flag ?? [])].map((load) => [
      load.code,
      load.title,
    ]),
  );
  const flags = [...codes].flatMap(([code, title]) => {
    const now = found?.in_force.by_flag.find((one) => one.code === code);
    const then = found?.proposed.by_flag.find((one) => one.code === code);
    if (now?.up === then?.up && now?.raised === then?.raised) return [];
    const up = [count(now?.up ?? 0), count(then?.up ?? 0), decimal(then?.a_day ?? 0)];
    return [{ name: title, cells: up.map((cell) => about + cell) }];
  });
  return (
    <section
      aria-label="What this would do"
      className="mt-3 rounded-md border border-line bg-canvas p-3"
    >
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-muted">What would this have brought over the last 30 nights?</p>
        <Button small disabled={asked.isFetching || !possible} onClick={() => void asked.refetch()}>
          {asked.isFetching ? "Looking through the nights…" : "Preview"}
        </Button>
      </div>
      {asked.isError && !asked.isFetching && (
        <p role="alert" className="mt-2 text-critical">
          {sentence(asked.error)}
        </p>
      )}
      {found && !asked.isFetching && !found.nights && (
        <p className="mt-2">No night is recorded yet to ask about.</p>
      )}
      {found && owners && !asked.isFetching && found.nights > 0 && (
        <>
          {part === "thresholds" &&
            (flags.length ? (
              <Comparison
                heads={["Flag", "Tutors with it now", "Tutors then", "Raised a day then"]}
                rows={flags}
              />
            ) : (
              <p className="mt-2">No flag would be another.</p>
            ))}
          <Comparison
            heads={["Interventions of", "A day now", "A day then", "Hours a day then"]}
            rows={owners}
          />
          <p className="mt-1 text-xs text-muted">
            {found.asked < found.tutors
              ? `Asked of ${count(found.asked)} of ${count(found.tutors)} tutors, a fair sample, `
              : `Asked of all ${count(found.tutors)} tutors at work `}
            over {count(found.nights)} nights.
            {found.asked < found.tutors &&
              " The ± covers what such a sample may be off by; ≈ is counted up from it."}
          </p>
        </>
      )}
    </section>
  );
}

/** A day's mean; from a sample with the range that holds 19 times of 20. */
function aDay(load?: Schemas["OwnerLoad"]): string {
  const error = load?.a_day_error;
  return decimal(load?.a_day) + (error == null ? "" : ` ± ${decimal(2 * error)}`);
}

interface ComparisonProps {
  heads: readonly string[];
  rows: readonly { name: string; cells: readonly string[] }[];
}

function Comparison({ heads, rows }: ComparisonProps): ReactNode {
  const [first, ...others] = heads;
  return (
    <table className="mt-2 w-full table-fixed">
      <thead className="align-bottom text-xs text-muted">
        <tr>
          <th scope="col" className="w-2/5 text-left font-normal">
            {first}
          </th>
          {others.map((head) => (
            <th key={head} scope="col" className="pl-2 text-right font-normal">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, cells }) => (
          <tr key={name} className="border-t border-line">
            <th scope="row" className="py-1 text-left font-normal">
              {name}
            </th>
            {cells.map((cell, place) => (
              <td
                key={heads[place + 1]}
                className={place === 1 ? "py-1 text-right font-medium" : "py-1 text-right"}
              >
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
