/** A choice of one of a few. */
import { Select as Base } from "@base-ui/react/select";
import type { ReactNode } from "react";
import { classNames } from "./class-names";
import { Icon } from "./icon";

export interface Option<T extends string> {
  value: T;
  label: string;
}

interface SelectProps<T extends string> {
  label: string;
  value: T;
  options: readonly Option<T>[];
  onChange: (value: T) => void;
  className?: string;
}

export function Select<T extends string>(props: SelectProps<T>): ReactNode {
  const { label, value, options, onChange, className } = props;
  return (
    <Base.Root
      value={value}
      items={options}
      onValueChange={(next) => {
        if (next !== null) onChange(next);
      }}
    >
      <Base.Trigger
        aria-label={label}
        className={classNames(
          "inline-flex h-9 min-w-0 items-center justify-between gap-2 rounded-md border border-line bg-surface px-2.5 text-sm hover:border-line-strong pointer-coarse:h-11",
          className,
        )}
      >
        <span className="truncate">
          <Base.Value />
        </span>
        <Icon name="down" className="size-3.5 text-muted" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className="z-50" sideOffset={4} alignItemWithTrigger={false}>
          <Base.Popup className="max-h-80 min-w-[var(--anchor-width)] overflow-y-auto rounded-md border border-line bg-raised p-1 shadow-lg">
            <Base.List>
              {options.map((option) => (
                <Base.Item
                  key={option.value}
                  value={option.value}
                  className="flex cursor-default items-center justify-between gap-4 rounded px-2 py-1.5 data-highlighted:bg-accent-soft"
                >
                  <Base.ItemText>{option.label}</Base.ItemText>
                  <Base.ItemIndicator>
                    <Icon name="check" className="size-3.5" />
                  </Base.ItemIndicator>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
