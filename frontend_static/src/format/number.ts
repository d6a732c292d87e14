/** Numbers as people read them. What is not known is a dash, never a zero. */

export const UNKNOWN = "–";
/** With a space that no line breaks at. */
export const PER_CENT = "\u00a0%";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat("en", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

export function count(value: number | null | undefined): string {
  return value == null ? UNKNOWN : whole.format(value);
}

export function decimal(value: number | null | undefined): string {
  return value == null ? UNKNOWN : oneDigit.format(value).replace("-", "−");
}

/** A share of 0 to 1 as per cent; under 10 % with a digit, since 0.4 % is not 0 %. */
export function percent(value: number | null | undefined): string {
  if (value == null) return UNKNOWN;
  const shown = value * 100;
  const few = Math.abs(shown) < 9.95 && shown !== 0;
  return `${few ? decimal(shown) : whole.format(shown).replace("-", "−")}${PER_CENT}`;
}

/** A chance as per cent: never 0 % or 100 %, which nobody can know. */
export function chance(value: number | null | undefined): string {
  if (value == null) return UNKNOWN;
  if (value < 0.01) return `<\u00a01${PER_CENT}`;
  return value > 0.99 ? `>\u00a099${PER_CENT}` : `${whole.format(value * 100)}${PER_CENT}`;
}

export function signed(value: number, digits = 0): string {
  const size = Math.abs(value).toFixed(digits);
  if (Number(size) === 0) return `±${size}`;
  return `${value > 0 ? "+" : "−"}${size}`;
}

/**
 * Parts rounded to one digit so that they add up to their rounded sum as they are shown: what is
 * left over goes to those whose rounding was the coarsest (largest remainders).
 */
export function addingUp(parts: readonly number[], sum: number): number[] {
  const tenths = parts.map((part) => Math.round(part * 10));
  let left = Math.round(sum * 10) - tenths.reduce((all, one) => all + one, 0);
  const by = Math.sign(left);
  const coarsest = parts
    .map((part, place) => ({ place, lost: (part * 10 - Math.round(part * 10)) * by }))
    .sort((a, b) => b.lost - a.lost);
  for (const { place } of coarsest) {
    if (!left) break;
    tenths[place] = (tenths[place] ?? 0) + by;
    left -= by;
  }
  return tenths.map((one) => one / 10);
}
