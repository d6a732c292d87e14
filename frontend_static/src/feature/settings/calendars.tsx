/** When the owners of interventions work: deadlines are counted in these hours. */
import { type ReactNode, useState } from "react";
import { type Schemas, told } from "@/api/client";
import { ApiError } from "@/api/problem";
import { settings } from "@/api/query";
import { useApi } from "@/api/use-api";
import { roleTitle } from "@/format/word";
import { usePerson } from "@/session/use-session";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { TextField } from "@/ui/field";
import { Time } from "@/ui/time";
import { daysOff, spelled } from "./holidays";
import { Row, Tick } from "./row";
import { seen, useSave } from "./use-save";
import { ZoneField } from "./zone";
import { useUnsaved } from "@/ui/use-unsaved";

type Calendar = Schemas["Calendar"];
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const USUAL = { begin: "09:00", end: "17:00" };

export function Calendars({ known }: { known: Schemas["Calendars"] }): ReactNode {
  return (
    <Card title="When people work" aside={`version ${String(known.version)}`}>
      <p className="text-muted">
        Deadlines run in these hours alone. What is open keeps the deadline it has.
      </p>
      {known.items.map(({ owner, calendar }) => (
        <OwnersCalendar
          key={owner}
          owner={owner as "ops_manager" | "people_ops"}
          known={calendar}
          version={known.version}
        />
      ))}
      {known.history.length > 0 && (
        <details className="mt-2 border-t border-line pt-2">
          <summary className="cursor-pointer text-xs text-muted hover:text-ink">
            Who changed what
          </summary>
          <ul className="mt-1 text-xs">
            {known.history.map((change) => (
              <li key={change.version} className="py-0.5">
                <span className="text-muted">
                  {change.at && <Time at={change.at} />} · {change.by ?? "unknown"} ·{" "}
                </span>
                {change.moved.map((one) => roleTitle(one.owner)).join(", ")}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}

/** As it is being written: days by their numbers, so that another's change of one day stays. */
interface Moved {
  zone?: string;
  days?: Record<number, Calendar["week"][number]>;
  holidays?: string;
}

interface OwnersCalendarProps {
  owner: "ops_manager" | "people_ops";
  known: Calendar;
  version: number;
}

function OwnersCalendar({ owner, known, version }: OwnersCalendarProps): ReactNode {
  const api = useApi();
  const may = usePerson().roles.some((role) => role !== "people_ops");
  // Only what was changed here: what somebody else saves meanwhile is shown for the rest.
  const [moved, setMoved] = useState<Moved>({});
  const calendar = {
    zone: moved.zone ?? known.zone,
    week: known.week.map((hours, number) => {
      const own = moved.days?.[number]; // null is a day off
      return own === undefined ? hours : own;
    }),
  };
  const holidays = moved.holidays ?? spelled(known.holidays);
  const save = useSave({
    send: async () => {
      const params = { path: { owner }, header: seen(version) };
      const week = calendar.week.map(
        (day) => day && { begin: day.begin.slice(0, 5), end: day.end.slice(0, 5) },
      ) as Schemas["OwnerCalendar"]["week"];
      const body = { zone: calendar.zone, week, holidays: daysOff(holidays) };
      return told(await api.PUT("/api/settings/calendars/{owner}", { params, body }));
    },
    onSaved: () => {
      setMoved({});
    },
    shownBy: [settings(api).queryKey],
  });
  const errors = save.error instanceof ApiError ? save.error.errors : [];
  const wrong = (field: string) => errors.find((one) => one.field.startsWith(field))?.message;
  const same =
    calendar.zone === known.zone &&
    JSON.stringify(calendar.week) === JSON.stringify(known.week) &&
    spelled(daysOff(holidays)) === spelled(known.holidays);
  useUnsaved(!same && !save.isPending);
  const work = (number: number, hours: Calendar["week"][number]) => {
    setMoved({ ...moved, days: { ...moved.days, [number]: hours } });
  };
  return (
    <form
      aria-label={roleTitle(owner)}
      className="mt-3 border-t border-line pt-3"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(undefined);
      }}
    >
      <h3 className="pb-2 font-semibold">{roleTitle(owner)}</h3>
      <Row label="Time zone">
        <ZoneField
          value={calendar.zone}
          disabled={!may}
          error={wrong("zone")}
          onChange={(zone) => {
            setMoved({ ...moved, zone });
          }}
        />
      </Row>
      <Row label="Hours">
        {DAYS.map((name, number) => {
          const hours = calendar.week[number] ?? null;
          return (
            <div key={name} className="grid items-center gap-x-2 gap-y-1 sm:grid-cols-[7rem_1fr]">
              <Tick
                label={name}
                on={hours !== null}
                disabled={!may}
                onChange={(on) => {
                  work(number, on ? (known.week[number] ?? USUAL) : null);
                }}
              />
              {hours ? (
                <div className="grid grid-cols-2 gap-2">
                  {(["begin", "end"] as const).map((end) => (
                    <TimeField
                      key={end}
                      label={`${name}, ${end === "begin" ? "from" : "until"}`}
                      value={hours[end].slice(0, 5)}
                      disabled={!may}
                      error={wrong(`week.${String(number)}.${end}`)}
                      onChange={(value) => {
                        work(number, { ...hours, [end]: value });
                      }}
                    />
                  ))}
                </div>
              ) : (
                <span className="text-xs text-muted max-sm:hidden">Off</span>
              )}
            </div>
          );
        })}
      </Row>
      <Row label="Days off" about="Beside weekends, as 2026-12-25, separated by spaces.">
        <TextField
          label="Dates"
          disabled={!may}
          pattern="\s*(\d{4}-\d{2}-\d{2}[\s,]*)*"
          error={wrong("holidays")}
          value={holidays}
          onChange={(event) => {
            setMoved({ ...moved, holidays: event.target.value });
          }}
        />
      </Row>
      {may && (
        <div className="flex justify-end gap-2">
          <Button
            disabled={same}
            onClick={() => {
              setMoved({});
            }}
          >
            Undo
          </Button>
          <Button look="primary" type="submit" disabled={same || save.isPending}>
            Save
          </Button>
        </div>
      )}
    </form>
  );
}

interface TimeFieldProps {
  label: string;
  value: string;
  disabled: boolean;
  error: string | undefined;
  onChange: (value: string) => void;
}

/** Its label is read out alone: the day stands beside it. */
function TimeField({ label, value, disabled, error, onChange }: TimeFieldProps): ReactNode {
  return (
    <span>
      <input
        type="time"
        required
        aria-label={label}
        aria-invalid={Boolean(error)}
        disabled={disabled}
        className="h-9 w-full rounded-md border border-line-strong bg-surface px-2 text-sm aria-invalid:border-critical pointer-coarse:h-11"
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
      {error && <span className="text-xs text-critical">{error}</span>}
    </span>
  );
}
