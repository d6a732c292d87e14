/** The rows at hand as a CSV file (RFC 4180) that a spreadsheet reads as text and numbers only. */
import type { Row } from "./rows";

const COLUMNS: readonly [string, (row: Row) => string | number | null][] = [
  ["tutor_id", (row) => row.tutor_id],
  ["name", (row) => row.name],
  ["subjects", (row) => row.subjects.join("; ")],
  ["status", (row) => row.status],
  ["tier", (row) => row.tier],
  ["churn_score", (row) => row.churn_score],
  ["risk_level", (row) => row.risk_level],
  ["override_score", (row) => row.override?.score ?? null],
  ["override_until", (row) => row.override?.until ?? null],
  ["leaves_within_1d", (row) => row.probabilities["1d"] ?? null],
  ["leaves_within_7d", (row) => row.probabilities["7d"] ?? null],
  ["leaves_within_30d", (row) => row.probabilities["30d"] ?? null],
  ["leaves_within_90d", (row) => row.probabilities["90d"] ?? null],
  ["reschedule_rate_30d", (row) => row.reschedule_rate.value],
  ["reschedule_rate_of", (row) => row.reschedule_rate.n],
  ["no_show_rate_30d", (row) => row.no_show_rate.value],
  ["no_show_rate_of", (row) => row.no_show_rate.n],
  ["avg_rating_30d", (row) => row.avg_rating],
  ["sessions_30d", (row) => row.sessions],
  ["confirmed_flags", (row) => row.confirmed_flags.join("; ")],
  ["flags", (row) => row.flags.join("; ")],
  ["as_of", (row) => row.as_of],
];

/**
 * A spreadsheet takes text that begins so for a formula (OWASP, CSV injection), also after what it
 * takes for the end of a cell: in some countries that is a semicolon.
 */
const FORMULA = /(^|[;,\t]\s*)(?=[=+\-@\t\r])/g;

export function csv(rows: readonly Row[]): string {
  const lines = [
    COLUMNS.map(([name]) => name),
    ...rows.map((row) => COLUMNS.map(([, value]) => cell(value(row)))),
  ];
  // The mark lets Excel see that it is UTF-8.
  return `\uFEFF${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const harmless = value.replaceAll(FORMULA, "$1'");
  return /[",\r\n']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export function download(rows: readonly Row[], name: string): void {
  const url = URL.createObjectURL(new Blob([csv(rows)], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
