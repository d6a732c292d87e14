/** A setting with what it is about, and the boxes to tick. */
import { type ReactNode, useId } from "react";

interface RowProps {
  label: string;
  about?: string;
  children: ReactNode;
}

export function Row({ label, about, children }: RowProps): ReactNode {
  const id = useId();
  return (
    <div
      role="group"
      aria-labelledby={id}
      className="grid gap-x-6 gap-y-2 border-t border-line py-3 first:border-t-0 sm:grid-cols-[minmax(0,1fr)_26rem] sm:items-start"
    >
      <div>
        <p id={id} className="font-medium">
          {label}
        </p>
        {about && <p className="text-xs text-muted">{about}</p>}
      </div>
      <div className="flex flex-col items-start gap-2 [&>div]:w-full">{children}</div>
    </div>
  );
}

interface TickProps {
  label: string;
  on: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}

export function Tick({ label, on, disabled, onChange }: TickProps): ReactNode {
  return (
    <label className="flex min-h-6 items-center gap-2 pointer-coarse:min-h-11">
      <input
        type="checkbox"
        className="size-4 accent-accent"
        checked={on}
        disabled={disabled}
        onChange={(event) => {
          onChange(event.target.checked);
        }}
      />
      {label}
    </label>
  );
}
