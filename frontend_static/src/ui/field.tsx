/** Text that somebody writes, with its label and what is wrong with it. */
import {
  type InputHTMLAttributes,
  type ReactNode,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import { classNames } from "./class-names";

interface About {
  label: string;
  hint?: string | undefined;
  error?: string | null | undefined;
}

const LOOK =
  "w-full rounded-md border border-line-strong bg-surface px-2.5 text-sm text-ink placeholder:text-faint aria-invalid:border-critical";

function Labelled({
  id,
  label,
  hint,
  error,
  children,
}: About & { id: string; children: ReactNode }): ReactNode {
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-xs font-medium">
        {label}
      </label>
      {children}
      <p
        id={`${id}-about`}
        className={classNames("text-xs", error ? "text-critical" : "text-muted")}
      >
        {error ?? hint}
      </p>
    </div>
  );
}

export function TextField({
  label,
  hint,
  error,
  className,
  ...rest
}: About & InputHTMLAttributes<HTMLInputElement>): ReactNode {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} error={error}>
      <input
        id={id}
        aria-describedby={`${id}-about`}
        aria-invalid={Boolean(error)}
        className={classNames(LOOK, "h-9 pointer-coarse:h-11", className)}
        {...rest}
      />
    </Labelled>
  );
}

export function TextArea({
  label,
  hint,
  error,
  className,
  ...rest
}: About & TextareaHTMLAttributes<HTMLTextAreaElement>): ReactNode {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} error={error}>
      <textarea
        id={id}
        aria-describedby={`${id}-about`}
        aria-invalid={Boolean(error)}
        className={classNames(LOOK, "min-h-20 py-2", className)}
        {...rest}
      />
    </Labelled>
  );
}
