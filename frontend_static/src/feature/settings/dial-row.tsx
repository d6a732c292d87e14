/** One number with its bounds and what it is for. */
import { type ReactNode, useId } from "react";
import type { Schemas } from "@/api/client";
import { classNames } from "@/ui/class-names";
import { dialText, meant, typed } from "./dial";

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
          {dial.title}
        </label>
        <p className="text-xs text-muted first-letter:uppercase">{dial.about}</p>
      </div>
      <div>
        <input
          id={id}
          type="number"
          required
          disabled={disabled}
          min={typed(dial, dial.low)}
          max={typed(dial, dial.high)}
          step={dial.whole ? 1 : "any"}
          value={Number.isNaN(value) ? "" : typed(dial, value)}
          aria-describedby={`${id}-bounds`}
          aria-invalid={Boolean(error)}
          onChange={(event) => {
            onMove(meant(dial, event.target.valueAsNumber));
          }}
          className={classNames(
            "h-9 w-28 rounded-md border bg-surface px-2.5 pointer-coarse:h-11",
            moved ? "border-accent font-medium" : "border-line-strong",
          )}
        />
        {dial.share && <span className="ml-1.5 text-muted">%</span>}
        <p
          id={`${id}-bounds`}
          className={classNames("mt-0.5 text-2xs", error ? "text-critical" : "text-muted")}
        >
          {error ??
            `${dialText(dial, dial.low)} to ${dialText(dial, dial.high)}, usually ${dialText(dial, dial.default)}`}
          {moved && ` · now ${dialText(dial, dial.value)}`}
        </p>
      </div>
    </div>
  );
}
