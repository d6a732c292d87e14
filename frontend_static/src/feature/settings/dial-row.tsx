/** One number with its bounds and what it is for. */
import { type ReactNode, useId } from "react";
import type { Schemas } from "@/api/client";
import { words } from "@/format/word";
import { classNames } from "@/ui/class-names";

interface DialRowProps {
  dial: Schemas["Dial"];
  value: number;
  disabled: boolean;
  error: string | undefined;
  onMove: (value: number) => void;
}

export function DialRow({ dial, value, disabled, error, onMove }: DialRowProps): ReactNode {
  const id = useId();
  const moved = value !== dial.value;
  return (
    <div className="grid gap-x-6 gap-y-1 border-t border-line py-3 first:border-t-0 sm:grid-cols-[minmax(0,1fr)_16rem] sm:items-center">
      <div>
        <label htmlFor={id} className="font-medium">
          {words(dial.name)}
        </label>
        <p className="text-xs text-muted">{dial.about}</p>
      </div>
      <div>
        <input
          id={id}
          type="number"
          required
          disabled={disabled}
          min={dial.low}
          max={dial.high}
          step={dial.whole ? 1 : "any"}
          value={Number.isNaN(value) ? "" : value}
          aria-describedby={`${id}-bounds`}
          aria-invalid={Boolean(error)}
          onChange={(event) => {
            onMove(event.target.valueAsNumber);
          }}
          className={classNames(
            "h-9 w-28 rounded-md border bg-surface px-2.5 pointer-coarse:h-11",
            moved ? "border-accent font-medium" : "border-line-strong",
          )}
        />
        <p
          id={`${id}-bounds`}
          className={classNames("mt-0.5 text-2xs", error ? "text-critical" : "text-muted")}
        >
          {error ?? `${String(dial.low)} to ${String(dial.high)}, usually ${String(dial.default)}`}
          {moved && ` · now ${String(dial.value)}`}
        </p>
      </div>
    </div>
  );
}
