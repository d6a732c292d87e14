/** What the person who is signed in is told, how, and when not; mails link here. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Schemas, told } from "@/api/client";
import { ApiError, failure } from "@/api/problem";
import { notifications } from "@/api/query";
import { useApi } from "@/api/use-api";
import { seesTutors } from "@/session/session";
import { usePerson } from "@/session/use-session";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { classNames } from "@/ui/class-names";
import { TextField } from "@/ui/field";
import { type Option, Select } from "@/ui/select";
import { Failed, Loading } from "@/ui/state";
import { SettingsHeader } from "./header";
import { Row, Tick } from "./row";
import { seen, useSave } from "./use-save";
import { ZoneField } from "./zone";
import { useUnsaved } from "@/ui/use-unsaved";

type Known = Schemas["Notifications"];
type Choice = Partial<Schemas["NotificationChoice"]>;

const REPORTS: readonly Option<Known["reports"]>[] = [
  { value: "every_session", label: "Of every session" },
  { value: "changes", label: "Only where something changed" },
  { value: "digest_only", label: "None, the daily digest is enough" },
];
const LEVELS: readonly Option<Known["alert_level"]>[] = [
  { value: "critical", label: "Critical" },
  { value: "high", label: "High or above" },
  { value: "medium", label: "Medium or above" },
];
const QUIET: Schemas["ClockSpan"] = { begin: "20:00", end: "07:00" };

export function NotificationsPage(): ReactNode {
  const found = useQuery(notifications(useApi()));
  return (
    <>
      <title>Your notifications · Tutor Quality</title>
      <SettingsHeader />
      {found.data ? (
        <Choices known={found.data} />
      ) : found.isError ? (
        <Failed {...failure(found)} />
      ) : (
        <Loading what="your notifications" rows={10} className="min-h-dvh" />
      )}
    </>
  );
}

function Choices({ known }: { known: Known }): ReactNode {
  const [moved, setMoved] = useState<Choice>({});
  const api = useApi();
  const save = useSave({
    send: async (choice: Choice) => {
      const params = { header: seen(known.version) };
      return told(await api.PUT("/api/settings/notifications", { params, body: choice as never }));
    },
    onSaved: () => {
      setMoved({});
    },
    shownBy: [notifications(api).queryKey],
  });
  const choice = { ...known, ...moved };
  const any = Object.keys(moved).length > 0;
  useUnsaved(any && !save.isPending);
  const errors = save.error instanceof ApiError ? save.error.errors : [];
  const wrong = (field: string) => errors.find((one) => one.field.startsWith(field))?.message;
  const choose = (changes: Choice) => {
    setMoved({ ...moved, ...changes });
  };
  /** Another address, null for none, undefined for the one that is known. */
  const chooseAddress = (address: string | null | undefined) => {
    const others = Object.entries(moved).filter(([field]) => field !== "webhook_url");
    const chosen = address === undefined ? [] : [["webhook_url", address]];
    setMoved(Object.fromEntries([...others, ...chosen]) as Choice);
  };
  const toldOfTutors = seesTutors(usePerson());
  const channels = choice.alerts ?? [];
  const kinds = choice.alert_kinds ?? [];
  return (
    <form
      className="flex max-w-3xl flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(moved);
      }}
    >
      <Card title="Mails">
        {toldOfTutors && (
          <Row label="Session reports" about="Within the hour after a session has ended.">
            <Select
              label="Session reports"
              value={choice.reports ?? known.reports}
              options={REPORTS}
              onChange={(reports) => {
                choose({ reports });
              }}
            />
          </Row>
        )}
        <Row
          label={toldOfTutors ? "Digests and summaries" : "Summaries"}
          about={
            toldOfTutors
              ? "Each working morning, and at the beginning of weeks and months."
              : "At the beginning of weeks and months."
          }
        >
          <Tick
            label="Send them"
            on={choice.digests ?? false}
            onChange={(digests) => {
              choose({ digests });
            }}
          />
        </Row>
      </Card>
      {toldOfTutors && (
        <>
          <Card title="Alerts">
            <Row label="What of" about="A tutor's risk that rose, a deadline that was missed.">
              <Tick
                label="Risk"
                on={kinds.includes("risk")}
                onChange={(on) => {
                  choose({ alert_kinds: withOrWithout(kinds, "risk", on) });
                }}
              />
              <Tick
                label="Missed deadlines"
                on={kinds.includes("overdue")}
                onChange={(on) => {
                  choose({ alert_kinds: withOrWithout(kinds, "overdue", on) });
                }}
              />
            </Row>
            <Row label="From which risk on">
              <Select
                label="From which risk on"
                value={choice.alert_level ?? known.alert_level}
                options={LEVELS}
                onChange={(alert_level) => {
                  choose({ alert_level });
                }}
              />
            </Row>
            <Row label="How">
              <Tick
                label="By mail"
                on={channels.includes("mail")}
                onChange={(on) => {
                  choose({ alerts: withOrWithout(channels, "mail", on) });
                }}
              />
              <Tick
                label="By webhook"
                on={channels.includes("webhook")}
                onChange={(on) => {
                  choose({ alerts: withOrWithout(channels, "webhook", on) });
                }}
              />
            </Row>
            <Row
              label="Webhook"
              about="An address that takes Slack's messages. It is a secret, and never shown whole."
            >
              <TextField
                label={known.webhook_url ? `Instead of ${known.webhook_url}` : "Address"}
                type="url"
                placeholder="https://hooks.slack.com/services/…"
                autoComplete="off"
                error={wrong("webhook_url")}
                value={moved.webhook_url ?? ""}
                onChange={(event) => {
                  chooseAddress(event.target.value || undefined);
                }}
              />
              {known.webhook_url && (
                <Tick
                  label="Forget the address"
                  on={moved.webhook_url === null}
                  onChange={(on) => {
                    chooseAddress(on ? null : undefined);
                  }}
                />
              )}
            </Row>
          </Card>
          <Card title="When not">
            <Row label="Time zone" about="Of your mornings, and of the quiet hours.">
              <ZoneField
                value={choice.zone ?? ""}
                error={wrong("zone")}
                onChange={(zone) => {
                  choose({ zone });
                }}
              />
            </Row>
            <Row label="Quiet hours" about="What is not urgent waits until they are over.">
              <Tick
                label="Keep them"
                on={Boolean(choice.quiet_hours)}
                onChange={(on) => {
                  choose({ quiet_hours: on ? (known.quiet_hours ?? QUIET) : null });
                }}
              />
              {choice.quiet_hours && (
                <div className="grid grid-cols-2 gap-2">
                  {(["begin", "end"] as const).map((end) => (
                    <TextField
                      key={end}
                      label={end === "begin" ? "From" : "Until"}
                      type="time"
                      required
                      error={wrong("quiet_hours")}
                      value={choice.quiet_hours?.[end].slice(0, 5) ?? ""}
                      onChange={(event) => {
                        choose({
                          quiet_hours: {
                            ...(choice.quiet_hours ?? QUIET),
                            [end]: event.target.value,
                          },
                        });
                      }}
                    />
                  ))}
                </div>
              )}
            </Row>
          </Card>
        </>
      )}
      <div
        className={classNames(
          "flex justify-end gap-2 bg-canvas py-2",
          any && "sticky bottom-16 lg:bottom-0",
        )}
      >
        <Button
          disabled={!any}
          onClick={() => {
            setMoved({});
          }}
        >
          Undo
        </Button>
        <Button look="primary" type="submit" disabled={!any || save.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}

function withOrWithout<T>(known: readonly T[], one: T, on: boolean): T[] {
  const others = known.filter((each) => each !== one);
  return on ? [...others, one] : others;
}
