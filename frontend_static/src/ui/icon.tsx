/** Line icons of 16 px, drawn here: a font or a library would cost more than these paths. */
import type { ReactNode } from "react";

const PATHS = {
  home: "M2.5 7 8 2.5 13.5 7v6.5h-4v-4h-3v4h-4z",
  people:
    "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 2.8a2.4 2.4 0 0 1 0 4.4M12 9.8c1.5.6 2.5 1.9 2.5 3.7",
  tasks: "M2 4l1.3 1.3L5.5 3M2 8.7 3.3 10l2.2-2.3M2 13l1.3 1.3M8 4h6M8 8.7h6M8 13.3h6",
  chart: "M2.5 2.5v11h11M5.5 10.5v-3M8.5 10.5v-6M11.5 10.5v-4.5",
  book: "M3 2.5h8.5a1 1 0 0 1 1 1v10H4a1.5 1.5 0 0 1 0-3h8.5M3 12V2.5",
  sliders: "M2.5 4.5h5M11 4.5h2.5M2.5 11.5H5M8.5 11.5h5M9 2.8v3.4M6.5 9.8v3.4",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.3 10.3l3.2 3.2",
  down: "M4 6.5l4 4 4-4",
  up: "M4 9.5l4-4 4 4",
  rising: "M8 13V3M4.5 6.5 8 3l3.5 3.5",
  falling: "M8 3v10M4.5 9.5 8 13l3.5-3.5",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5 6.5 12 13 4.5",
  flag: "M3.5 14V2.5h8l-1.5 3 1.5 3h-8",
  clock: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM8 5v3l2 1.5",
  download: "M8 2.5v7M5 7l3 3 3-3M2.5 13.5h11",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z",
  sun: "M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  print: "M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7z",
  warning: "M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 12h.01",
  out: "M6.5 2.5h-4v11h4M10 5l3 3-3 3M13 8H6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({
  name,
  className = "size-4",
}: {
  name: IconName;
  className?: string;
}): ReactNode {
  return (
    <svg
      viewBox="0 0 16 16"
      aria-hidden="true"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
