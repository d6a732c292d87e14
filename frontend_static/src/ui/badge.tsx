/** Short labels with a colour that never stands alone: the word says the same. */
import type { ReactNode } from "react";
import type { Risk } from "@/format/word";
import { classNames } from "./class-names";

export type Tone = "neutral" | "accent" | "good" | "medium" | "high" | "critical";

const TONES: Record<Tone, string> = {
  neutral: "bg-line/70 text-muted",
  accent: "bg-accent-soft text-accent",
  good: "bg-good-soft text-good",
  medium: "bg-medium-soft text-medium",
  high: "bg-high-soft text-high",
  critical: "bg-critical-soft text-critical",
};

interface BadgeProps {
  tone?: Tone;
  children: ReactNode;
  /** Not sure yet: a dashed outline instead of a filled label. */
  dashed?: boolean;
  title?: string | undefined;
}

export function Badge({ tone = "neutral", children, dashed, title }: BadgeProps): ReactNode {
  return (
    <span
      title={title}
      className={classNames(
        "inline-flex items-center gap-1 rounded-sm px-1.5 py-0.5 text-2xs font-medium whitespace-nowrap",
        TONES[tone],
        dashed && "border border-dashed border-current bg-transparent! py-px",
      )}
    >
      {children}
    </span>
  );
}

const RISK_TONES: Record<Risk, Tone> = {
  critical: "critical",
  high: "high",
  medium: "medium",
  low: "good",
};

/** The same colours for bars. */
export const RISK_FILLS: Record<Risk, string> = {
  critical: "fill-critical",
  high: "fill-high",
  medium: "fill-medium",
  low: "fill-good",
};

/** And for lines. */
export const RISK_STROKES: Record<Risk, string> = {
  critical: "text-critical",
  high: "text-high",
  medium: "text-medium",
  low: "text-good",
};

export function RiskBadge({ level }: { level: Risk }): ReactNode {
  return <Badge tone={RISK_TONES[level]}>{level.charAt(0).toUpperCase() + level.slice(1)}</Badge>;
}
