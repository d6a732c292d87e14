/** What every number, flag, tier and part of the score means, from the tables they are computed by. */
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Schemas } from "@/api/client";
import { failure } from "@/api/problem";
import { definitions } from "@/api/query";
import { useApi } from "@/api/use-api";
import { Card } from "@/ui/card";
import { classNames } from "@/ui/class-names";
import { TextField } from "@/ui/field";
import { Empty, Failed, Loading } from "@/ui/state";
import { useScrolledTo } from "@/ui/use-scrolled-to";

const PARTS = [
  ["general", "In general"],
  ["metrics", "Metrics"],
  ["flags", "Flags"],
  ["tiers", "Tiers"],
  ["components", "Parts of the churn score"],
  ["forecast", "The churn model"],
] as const;

export function Definitions(): ReactNode {
  const found = useQuery(definitions(useApi()));
  const [sought, setSought] = useState("");
  const linked = useLocation({ select: ({ hash }) => hash });
  useScrolledTo(found.isSuccess ? linked : null);
  const words = sought.toLowerCase();
  const matching = (terms: readonly Schemas["Term"][]) =>
    terms.filter((term) =>
      `${term.title} ${term.name} ${term.meaning}`.toLowerCase().includes(words),
    );
  const none = found.data && PARTS.every(([part]) => !matching(found.data[part]).length);
  return (
    <>
      <title>Definitions · Tutor Quality</title>
      <div className="flex flex-wrap items-end justify-between gap-3 pt-6 pb-4">
        <h1 className="text-xl font-semibold tracking-tight">What the numbers mean</h1>
        <div className="w-full sm:w-72">
          <TextField
            label="Find a term"
            type="search"
            value={sought}
            onChange={(event) => {
              setSought(event.target.value);
            }}
          />
        </div>
      </div>
      {found.data ? (
        none ? (
          <Card>
            <Empty title="No term matches" />
          </Card>
        ) : (
          <div className="flex flex-col gap-4">
            {PARTS.map(([part, title]) => {
              const terms = matching(found.data[part]);
              return terms.length ? (
                <Terms
                  key={part}
                  part={part}
                  title={title}
                  about={found.data.about[part]}
                  terms={terms}
                  linked={linked}
                />
              ) : null;
            })}
          </div>
        )
      ) : found.isError ? (
        <Failed {...failure(found)} />
      ) : (
        <Loading what="definitions" rows={20} className="min-h-dvh" />
      )}
    </>
  );
}

interface TermsProps {
  part: string;
  title: string;
  /** What is to be said of all of them. */
  about: string | undefined;
  terms: readonly Schemas["Term"][];
  /** What the address names. */
  linked: string;
}

function Terms({ part, title, about, terms, linked }: TermsProps): ReactNode {
  return (
    <Card title={title}>
      {about && <p className="mb-2 max-w-prose text-muted">{about}</p>}
      <dl>
        {terms.map((term) => (
          <div
            key={term.name}
            id={`${part}-${term.name}`}
            className={classNames(
              "-mx-4 grid scroll-mt-16 gap-x-6 border-t border-line px-4 py-2.5 first:border-t-0 sm:grid-cols-[14rem_minmax(0,1fr)]",
              linked === `${part}-${term.name}` && "bg-accent-soft",
            )}
          >
            <dt className="font-medium">
              {term.title}
              {term.name !== term.title && (
                <code className="block text-2xs font-normal text-muted">{term.name}</code>
              )}
            </dt>
            <dd>
              {term.meaning}
              {term.detail && <span className="block text-xs text-muted">{term.detail}</span>}
              {term.unit && <span className="block text-2xs text-faint">{term.unit}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
