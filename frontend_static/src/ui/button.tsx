/** Buttons and links that look like them. */
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { classNames } from "./class-names";

type Look = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-accent-ink border-transparent hover:brightness-110",
  plain: "bg-surface text-ink border-line hover:border-line-strong",
  quiet: "border-transparent text-muted hover:text-ink hover:bg-line/60",
  danger: "bg-critical-soft text-critical border-transparent hover:brightness-95",
};

export function buttonLook(look: Look = "plain", small = false): string {
  return classNames(
    "inline-flex items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap",
    "select-none disabled:opacity-50 disabled:pointer-events-none transition-colors",
    small ? "h-7 px-2 text-xs" : "h-9 px-3 text-sm pointer-coarse:h-11",
    LOOKS[look],
  );
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  small?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look, small, className, type, ...rest }: ButtonProps): ReactNode {
  return (
    <button
      type={type ?? "button"}
      className={classNames(buttonLook(look, small), className)}
      {...rest}
    />
  );
}

/** A button that shows an icon alone; `label` is read out and shown as a title. */
export function IconButton({
  label,
  className,
  ...rest
}: ButtonProps & { label: string }): ReactNode {
  return (
    <Button
      look="quiet"
      aria-label={label}
      title={label}
      className={classNames("!px-0 w-9 pointer-coarse:w-11", className)}
      {...rest}
    />
  );
}
