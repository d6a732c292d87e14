/** A titled part of a page. */
import { type ReactNode, useId } from "react";
import { classNames } from "./class-names";

interface CardProps {
  title?: ReactNode;
  /** What stands at the right of the title. */
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
  /** Without padding, for tables. */
  flush?: boolean;
}

export function Card({ title, aside, children, className, flush }: CardProps): ReactNode {
  const id = useId();
  return (
    <section
      aria-labelledby={title ? id : undefined}
      className={classNames(
        "min-w-0 rounded-lg border border-line bg-surface print:break-inside-avoid",
        className,
      )}
    >
      {title && (
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 pt-3.5 pb-2">
          <h2 id={id} className="text-sm font-semibold">
            {title}
          </h2>
          {aside && <div className="text-xs text-muted">{aside}</div>}
        </div>
      )}
      <div className={flush ? undefined : title ? "px-4 pb-4" : "p-4"}>{children}</div>
    </section>
  );
}
