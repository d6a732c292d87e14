/** One tutor: how high the risk is, why, what was seen, and what is being done. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useDeferredValue, useState } from "react";
import type { Schemas } from "@/api/client";
import { ApiError, failure } from "@/api/problem";
import { tutor, tutorNotes, tutorSessions } from "@/api/query";
import { useApi } from "@/api/use-api";
import { dayOf } from "@/format/time";
import { GONE, roleTitle } from "@/format/word";
import { usePerson } from "@/session/use-session";
import { Badge, RiskBadge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { Empty, Failed, Loading, Skeleton } from "@/ui/state";
import { Ago } from "@/ui/time";
import { FeedbackCard } from "./feedback-card";
import { Flags } from "./flags";
import { HistoryCard } from "./history-card";
import { OverrideDialog } from "./override";
import { NotesCard } from "./notes-card";
import { PredictionCard } from "./prediction-card";
import { RatesCard } from "./rates-card";
import { ScoreCard } from "./score-card";
import { SessionsCard } from "./sessions-card";
import { TasksCard } from "./tasks-card";

const route = getRouteApi("/tutors/$tutorId");
/** With more, they are as long as all that stands beside them. */
const FLAGS_OF_A_COLUMN = 4;

export function TutorPage(): ReactNode {
  const { tutorId } = route.useParams();
  const found = useQuery(tutor(useApi(), tutorId));
  if (found.data) return <Found key={tutorId} detail={found.data} />;
  if (found.error instanceof ApiError && found.error.status === 404) {
    return (
      <Empty title={<h1>There is no such tutor</h1>}>
        <p>Nobody has reported a session or a profile of {tutorId}.</p>
        <Link to="/tutors" className="text-accent hover:underline">
          All tutors
        </Link>
      </Empty>
    );
  }
  return (
    <>
      <title>{`${tutorId} · Tutor Quality`}</title>
      <h1 className="sr-only">Tutor {tutorId}</h1>
      {found.isError ? (
        <Failed {...failure(found)} />
      ) : (
        <div role="status" className="flex flex-col gap-4 pt-6">
          <span className="sr-only">Loading the tutor</span>
          <Skeleton className="h-16 w-80" />
          <Skeleton className="h-72 w-full" />
          <Skeleton className="h-72 w-full" />
        </div>
      )}
    </>
  );
}

function Found({ detail }: { detail: Schemas["TutorDetail"] }): ReactNode {
  // What is further down is drawn in a second piece of work: a slow processor answers in between.
  const whole = useDeferredValue(true, false);
  const there = useThere(detail.tutor_id);
  // As it was when the page was opened: a flag that comes or goes moves nothing to another column.
  const [long] = useState(detail.flags.length > FLAGS_OF_A_COLUMN);
  return (
    <>
      <title>{`${detail.name ?? detail.tutor_id} · Tutor Quality`}</title>
      <Head detail={detail} />
      {detail.prediction.disagrees && (
        <p className="mb-4 rounded-lg border border-line bg-accent-soft px-4 py-3">
          <strong>Score and model disagree.</strong> {detail.prediction.disagreement}
        </p>
      )}
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <ScoreCard detail={detail} />
          <HistoryCard tutorId={detail.tutor_id} />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <PredictionCard prediction={detail.prediction} />
          <TasksCard
            tutorId={detail.tutor_id}
            name={detail.name ?? detail.tutor_id}
            tasks={detail.interventions ?? []}
          />
        </div>
        {whole && (
          <>
            <div className="flex min-w-0 flex-col gap-4">
              <Flags tutorId={detail.tutor_id} flags={detail.flags} />
              {!long && <RatesCard windows={detail.windows} />}
            </div>
            <div className="flex min-w-0 flex-col gap-4">
              {long && <RatesCard windows={detail.windows} />}
              {there && (
                <>
                  <NotesCard tutorId={detail.tutor_id} />
                  <FeedbackCard tutorId={detail.tutor_id} />
                </>
              )}
            </div>
          </>
        )}
      </div>
      {whole && there && <SessionsCard tutorId={detail.tutor_id} />}
      {whole && !there && <Loading what="notes and sessions" rows={8} className="mt-4" />}
    </>
  );
}

/**
 * Whether all has come, or failed, whose size nobody knows before: then nothing moves after. The
 * cards below are shown from then on, and need no look of their own while they load.
 */
function useThere(tutorId: string): boolean {
  const api = useApi();
  const notes = useQuery(tutorNotes(api, tutorId));
  const sessions = useQuery(tutorSessions(api, tutorId));
  return !notes.isPending && !sessions.isPending;
}

function Head({ detail }: { detail: Schemas["TutorDetail"] }): ReactNode {
  const [overriding, setOverriding] = useState(false);
  const manager = usePerson().roles.includes("ops_manager");
  const { profile } = detail;
  const facts = [
    detail.tutor_id,
    profile.subjects.join(", "),
    profile.onboarding_date && `with us since ${dayOf(profile.onboarding_date)}`,
    profile.location,
    profile.email,
  ].filter(Boolean);
  return (
    <div className="flex flex-wrap items-start justify-between gap-3 pt-6 pb-4">
      <div className="min-w-0 flex-1 basis-80">
        <nav aria-label="Breadcrumb" className="mb-1 text-xs text-muted print:hidden">
          <Link to="/tutors" className="hover:underline">
            Tutors
          </Link>{" "}
          / <span aria-current="page">{detail.name ?? detail.tutor_id}</span>
        </nav>
        <h1 className="flex flex-wrap items-center gap-2 text-xl font-semibold tracking-tight">
          {detail.name ?? detail.tutor_id}
          <RiskBadge level={detail.override?.risk_level ?? detail.risk_level} />
          <Badge title="Tier: from 30-day performance alone">{detail.tier}</Badge>
          {detail.status !== "active" && <Badge tone="medium">{roleTitle(detail.status)}</Badge>}
        </h1>
        <p className="mt-0.5 wrap-anywhere text-muted">{facts.join(" · ")}</p>
        <p className="mt-0.5 text-xs text-muted">
          Scored <Ago at={detail.updated_at} />
          {detail.last_taught_at && (
            <>
              {" "}
              · last taught <Ago at={detail.last_taught_at} />
            </>
          )}
        </p>
      </div>
      <div className="flex gap-2 print:hidden">
        <Button
          onClick={() => {
            window.print();
          }}
        >
          <Icon name="print" /> Print
        </Button>
        {manager && !GONE.includes(detail.status) && (
          <Button
            onClick={() => {
              setOverriding(true);
            }}
          >
            {detail.override ? "Change override" : "Override score"}
          </Button>
        )}
      </div>
      {overriding && (
        <OverrideDialog
          detail={detail}
          onClose={() => {
            setOverriding(false);
          }}
        />
      )}
    </div>
  );
}
