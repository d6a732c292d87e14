/** Days off as people write them down: dates with spaces or commas between. */

export function daysOff(written: string): string[] {
  return [...new Set(written.split(/[\s,]+/).filter(Boolean))].sort();
}

export function spelled(days: readonly string[]): string {
  return [...days].sort().join(" ");
}
