/** What students say: stars by category, what to improve, and their words. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { tutorSessions } from "@/api/query";
import { useApi } from "@/api/use-api";
import { Bar } from "@/chart/bar";
import { count, decimal } from "@/format/number";
import { words } from "@/format/word";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { Empty } from "@/ui/state";
import { Ago } from "@/ui/time";
import { summed } from "./feedback";

const AREAS_SHOWN = 6;
const COMMENTS_SHOWN = 5;
/** The scale of stars begins at 1. */
const LEAST = 1;
const MOST = 5;

export function FeedbackCard({ tutorId }: { tutorId: string }): ReactNode {
  const found = useQuery(tutorSessions(useApi(), tutorId));
  if (!found.data) return null; // the sessions below say so
  const feedback = summed(found.data.items);
  return (
    <Card
      title="What students say"
      aside={`${count(feedback.n)} of ${count(found.data.items.length)} sessions`}
    >
      {feedback.n ? (
        <>
          <dl className="grid grid-cols-[minmax(0,10rem)_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1.5">
            {feedback.categories.map(({ name, mean, n }) => (
              <div key={name} className="contents">
                <dt className="truncate">{words(name)}</dt>
                <dd>
                  <Bar value={(mean - LEAST) / (MOST - LEAST)} tone="fill-accent" />
                </dd>
                <dd className="text-right">
                  {decimal(mean)}
                  <span className="text-xs text-muted"> of 5, n {count(n)}</span>
                </dd>
              </div>
            ))}
          </dl>
          {feedback.answered > 0 && (
            <p className="mt-3">
              {feedback.wouldNot
                ? `${count(feedback.wouldNot)} of ${count(feedback.answered)} would not work with the tutor again.`
                : `All ${count(feedback.answered)} who were asked would work with the tutor again.`}
            </p>
          )}
          {feedback.areas.length > 0 && (
            <p className="mt-3 flex flex-wrap items-center gap-1.5">
              <span className="text-muted">To improve:</span>
              {feedback.areas.slice(0, AREAS_SHOWN).map(({ name, n }) => (
                <Badge key={name}>
                  {words(name)} {n > 1 && `× ${count(n)}`}
                </Badge>
              ))}
            </p>
          )}
          {feedback.comments.length > 0 && (
            <ul className="mt-3">
              {feedback.comments.slice(0, COMMENTS_SHOWN).map((said) => (
                <li key={said.submitted_at} className="border-t border-line py-2 last:pb-0">
                  <blockquote className="wrap-anywhere">“{said.free_text}”</blockquote>
                  <p className="text-xs text-muted">
                    {decimal(said.overall_rating)} of 5 · <Ago at={said.submitted_at} />
                  </p>
                </li>
              ))}
            </ul>
          )}
        </>
      ) : (
        <Empty title="No student has said anything yet" />
      )}
    </Card>
  );
}
