/** What may be wider than its place: scrolled by hand, and by keys once it has the focus. */
import type { ReactNode } from "react";
import { classNames } from "./class-names";

interface ScrollProps {
  /** What is in it, read out where it has the focus. */
  label: string;
  className?: string;
  children: ReactNode;
}

export function Scroll({ label, className, children }: ScrollProps): ReactNode {
  return (
    <div
      role="region"
      aria-label={label}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- else no key scrolls it
      tabIndex={0}
      className={classNames("overflow-x-auto", className)}
    >
      {children}
    </div>
  );
}
