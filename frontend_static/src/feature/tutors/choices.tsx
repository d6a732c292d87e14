/** A few values of which any may be on. */
import type { ReactNode } from "react";
import { classNames } from "@/ui/class-names";
import type { Option } from "@/ui/select";
import { chosen } from "./search";

interface ChoicesProps {
  label: string;
  options: readonly Option<string>[];
  values: string | undefined;
  onToggle: (value: string) => void;
}

export function Choices({ label, options, values, onToggle }: ChoicesProps): ReactNode {
  const on = chosen(values);
  return (
    <div role="group" aria-label={label} className="col-span-2 flex rounded-md border border-line">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={on.includes(option.value)}
          onClick={() => {
            onToggle(option.value);
          }}
          className={classNames(
            "h-9 flex-1 px-2.5 first:rounded-l-md last:rounded-r-md pointer-coarse:h-11",
            "text-muted hover:text-ink aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent",
          )}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
