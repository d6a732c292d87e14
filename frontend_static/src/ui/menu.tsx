/** What can be done here, behind one button. */
import { Menu as Base } from "@base-ui/react/menu";
import type { ReactNode } from "react";

interface MenuProps {
  trigger: ReactNode;
  /** Where the trigger's own words do not tell. */
  label?: string;
  /** Of the trigger. */
  className: string;
  children: ReactNode;
}

export function Menu({ trigger, label, className, children }: MenuProps): ReactNode {
  return (
    <Base.Root>
      <Base.Trigger aria-label={label} className={className}>
        {trigger}
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className="z-50" sideOffset={4} align="end">
          <Base.Popup className="max-h-96 min-w-52 overflow-y-auto rounded-md border border-line bg-raised p-1 shadow-lg">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface MenuItemProps {
  onClick: () => void;
  children: ReactNode;
}

export function MenuItem({ onClick, children }: MenuItemProps): ReactNode {
  return (
    <Base.Item
      onClick={onClick}
      className="cursor-default rounded px-2 py-1.5 data-highlighted:bg-accent-soft pointer-coarse:py-2.5"
    >
      {children}
    </Base.Item>
  );
}

export function MenuLine(): ReactNode {
  return <Base.Separator className="my-1 h-px bg-line" />;
}
