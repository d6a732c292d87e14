/** Dials and thresholds, with what a change would do before it is saved. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Schemas, told } from "@/api/client";
import { ApiError, failure } from "@/api/problem";
import { definitions, settings } from "@/api/query";
import { useApi } from "@/api/use-api";
import { usePerson } from "@/session/use-session";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { classNames } from "@/ui/class-names";
import { Failed, Loading } from "@/ui/state";
import { Time } from "@/ui/time";
import { Calendars } from "./calendars";
import { dialText } from "./dial";
import { DialRow } from "./dial-row";
import { SettingsHeader } from "./header";
import { Preview } from "./preview";
import { seen, useSave } from "./use-save";
import { useUnsaved } from "@/ui/use-unsaved";

type Part = "interventions" | "thresholds";

const TITLES: Record<Part, string> = {
  interventions: "When interventions open",
  thresholds: "When flags turn red",
};

export function SettingsPage(): ReactNode {
  const found = useQuery(settings(useApi()));
  return (
    <>
      <title>Settings · Tutor Quality</title>
      <SettingsHeader />
      {found.data ? (
        <div className="flex flex-col gap-4">
          <Dials part="interventions" dials={found.data.interventions} />
          <Dials part="thresholds" dials={found.data.thresholds} />
          <Calendars known={found.data.calendars} />
        </div>
      ) : found.isError ? (
        <Failed {...failure(found)} />
      ) : (
        <Loading what="settings" rows={16} className="min-h-dvh" />
      )}
    </>
  );
}

function Dials({ part, dials }: { part: Part; dials: Schemas["Dials"] }): ReactNode {
  const may = usePerson().roles.some((role) => role !== "people_ops");
  const [moved, setMoved] = useState<Record<string, number>>({});
  const api = useApi();
  const save = useSave({
    send: async (values: Record<string, number>) => {
      const params = { header: seen(dials.version) };
      return told(await api.PUT(`/api/settings/${part}`, { params, body: { values } }));
    },
    onSaved: () => {
      setMoved({});
    },
    shownBy: [settings(api).queryKey, definitions(api).queryKey],
  });
  const changes = Object.fromEntries(
    dials.items.flatMap((dial) => {
      const value = moved[dial.name];
      return value === undefined || value === dial.value ? [] : [[dial.name, value]];
    }),
  );
  const any = Object.keys(changes).length > 0;
  useUnsaved(any && !save.isPending);
  const possible = dials.items.every(({ name, low, high, value }) => {
    const wanted = changes[name] ?? value;
    return wanted >= low && wanted <= high; // and not NaN, as an empty field is
  });
  const errors = save.error instanceof ApiError ? save.error.errors : [];
  return (
    <Card title={TITLES[part]} aside={`version ${String(dials.version)}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(changes);
        }}
      >
        {!may && (
          <p className="mb-1 text-muted">
            Operations managers and administrators can change these.
          </p>
        )}
        {dials.items.map((dial) => (
          <DialRow
            key={dial.name}
            dial={dial}
            value={moved[dial.name] ?? dial.value}
            disabled={!may}
            error={errors.find((one) => one.field.endsWith(dial.name))?.message}
            onMove={(value) => {
              setMoved({ ...moved, [dial.name]: value });
            }}
          />
        ))}
        {any && <Preview part={part} values={changes} possible={possible} />}
        {may && (
          <div
            className={classNames(
              "mt-3 flex justify-end gap-2 bg-surface py-2",
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
              Save{" "}
              {any &&
                `${String(Object.keys(changes).length)} change${Object.keys(changes).length > 1 ? "s" : ""}`}
            </Button>
          </div>
        )}
      </form>
      <Changes dials={dials} />
    </Card>
  );
}

function Changes({ dials: { items, history } }: { dials: Schemas["Dials"] }): ReactNode {
  if (!history.length) return null;
  return (
    <details className="mt-2 border-t border-line pt-2">
      <summary className="cursor-pointer text-xs text-muted hover:text-ink">
        Who changed what
      </summary>
      <ul className="mt-1 text-xs">
        {history.map((change) => (
          <li key={change.version} className="py-0.5">
            <span className="text-muted">
              {change.at && <Time at={change.at} />} · {change.by ?? "unknown"} ·{" "}
            </span>
            {change.moved
              .map((one) => {
                const dial = items.find((each) => each.name === one.name);
                return `${dial?.title ?? one.name} ${dialText(dial, one.before)} → ${dialText(dial, one.after)}`;
              })
              .join(", ")}
          </li>
        ))}
      </ul>
    </details>
  );
}
