/** The title of the settings, and the way between what holds for all and for oneself. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

const PAGES = [
  { to: "/settings", title: "For everybody" },
  { to: "/settings/notifications", title: "Your notifications" },
] as const;

export function SettingsHeader(): ReactNode {
  return (
    <div className="flex flex-wrap items-baseline gap-x-6 gap-y-2 pt-6 pb-4">
      <h1 className="text-xl font-semibold tracking-tight">Settings</h1>
      <nav aria-label="Settings" className="flex gap-1">
        {PAGES.map((page) => (
          <Link
            key={page.to}
            to={page.to}
            activeOptions={{ exact: true }}
            className="flex h-8 items-center rounded-md px-2 text-muted hover:bg-line/60 hover:text-ink pointer-coarse:h-11 data-[status=active]:bg-line/80 data-[status=active]:font-medium data-[status=active]:text-ink"
          >
            {page.title}
          </Link>
        ))}
      </nav>
    </div>
  );
}
