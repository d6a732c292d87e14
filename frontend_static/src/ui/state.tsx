/** How a part of a page looks while it loads, when there is nothing, and when it failed. */
import type { ReactNode } from "react";
import { Button } from "./button";
import { classNames } from "./class-names";
import { Icon } from "./icon";

/** A grey shape of the size of what comes, so that nothing jumps. */
export function Skeleton({ className }: { className: string }): ReactNode {
  return (
    <div aria-hidden="true" className={classNames("animate-pulse rounded bg-line/70", className)} />
  );
}

export function Loading({
  what,
  className,
  rows = 4,
}: {
  what: string;
  className?: string;
  rows?: number;
}): ReactNode {
  return (
    <div role="status" className={classNames("flex flex-col gap-3", className)}>
      <span className="sr-only">Loading {what}</span>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} className="h-5 w-full" />
      ))}
    </div>
  );
}

/** How many there are, at the right of a line, read out when it changes. */
export function Tally({ children }: { children: string }): ReactNode {
  return (
    <p role="status" className="ml-auto min-w-28 text-right text-xs text-muted">
      {/* Another text is another element: nothing is seen to move. */}
      <span key={children}>{children}</span>
    </p>
  );
}

export function Empty({ title, children }: { title: ReactNode; children?: ReactNode }): ReactNode {
  return (
    <div className="flex flex-col items-center gap-1 px-4 py-10 text-center">
      <div className="font-medium">{title}</div>
      {children && <div className="max-w-md text-muted">{children}</div>}
    </div>
  );
}

interface FailedProps {
  sentence: string;
  onRetry?: () => void;
  /** Where it stands: as tall as what it stands for, nothing else moves. */
  className?: string;
}

export function Failed({ sentence, onRetry, className }: FailedProps): ReactNode {
  return (
    <div
      role="alert"
      className={classNames(
        "flex items-center justify-center gap-3 px-4 text-center",
        className ?? "flex-col py-10",
      )}
    >
      <p className="flex items-center gap-2 font-medium">
        <Icon name="warning" className="size-4 text-high" />
        This could not be shown
      </p>
      <p className="max-w-md text-muted">{sentence}</p>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}
