/** How people read and write the number of a dial: shares as per cent, all else as it is. */
import type { Schemas } from "@/api/client";
import { PER_CENT } from "@/format/number";

/** Undefined is a dial that there is no more. */
type Dial = Pick<Schemas["Dial"], "share"> | undefined;

/** "15 %" of 0.15, "3.5" of 3.5. */
export function dialText(dial: Dial, value: number): string {
  return String(typed(dial, value)) + (dial?.share ? PER_CENT : "");
}

/** What stands in the field. */
export function typed(dial: Dial, value: number): number {
  return dial?.share ? rounded(value * 100) : value;
}

/** What is meant by what stands in the field. */
export function meant(dial: Dial, shown: number): number {
  return dial?.share ? rounded(shown / 100) : shown;
}

/** Without the digits that floating point adds: 0.07 is 7 %, not 7.000000000000001 %. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
