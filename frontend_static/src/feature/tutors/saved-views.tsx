/** Filters and sort under a name, kept in this browser. */
import { type ReactNode, useState } from "react";
import { Button, buttonLook } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { Icon } from "@/ui/icon";
import { Menu, MenuItem, MenuLine } from "@/ui/menu";
import { tutorsSearch, type TutorsSearch } from "./search";

const KEY = "tutor-views";
const MOST = 30;

interface View {
  name: string;
  search: TutorsSearch;
}

const READY_MADE: readonly View[] = [
  { name: "At risk", search: { risk: "critical,high" } },
  { name: "Likely to leave in 30 days", search: { sort: "p30" } },
  {
    name: "Confirmed reschedulers",
    search: { flag: "high_reschedule_rate", sure: true, sort: "reschedule_rate" },
  },
  { name: "Gone quiet", search: { flag: "gone_quiet" } },
];

/** What the browser kept; anything else in its place counts as nothing. */
export function readViews(kept: string | null): View[] {
  try {
    const found: unknown = JSON.parse(kept ?? "[]");
    if (!Array.isArray(found)) return [];
    return found
      .slice(0, MOST)
      .flatMap((one: Partial<View> | null) =>
        typeof one?.name === "string" && one.search
          ? [{ name: one.name, search: tutorsSearch(one.search as Record<string, unknown>) }]
          : [],
      );
  } catch {
    return [];
  }
}

interface SavedViewsProps {
  search: TutorsSearch;
  onChoose: (search: TutorsSearch) => void;
}

export function SavedViews({ search, onChoose }: SavedViewsProps): ReactNode {
  const [views, setViews] = useState(() => readViews(localStorage.getItem(KEY)));
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState("");

  const names = new Set(views.map((view) => view.name)); // one's own replaces ours of that name

  function keep(next: View[]): void {
    setViews(next);
    localStorage.setItem(KEY, JSON.stringify(next));
  }

  return (
    <>
      <Menu
        trigger={
          <>
            Views <Icon name="down" className="size-3.5 text-muted" />
          </>
        }
        className={buttonLook()}
      >
        {[...READY_MADE.filter(({ name }) => !names.has(name)), ...views].map((view) => (
          <MenuItem
            key={view.name}
            onClick={() => {
              onChoose(view.search);
            }}
          >
            {view.name}
          </MenuItem>
        ))}
        <MenuLine />
        <MenuItem
          onClick={() => {
            setNaming(true);
          }}
        >
          Save this view…
        </MenuItem>
        {views.some((view) => same(view.search, search)) && (
          <MenuItem
            onClick={() => {
              keep(views.filter((view) => !same(view.search, search)));
            }}
          >
            Forget this view
          </MenuItem>
        )}
      </Menu>
      <Dialog
        open={naming}
        onClose={() => {
          setNaming(false);
        }}
        title="Save this view"
        about="It is kept in this browser. To share a view, send its address."
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const called = name.trim();
            if (!called) return;
            keep(
              [...views.filter((view) => view.name !== called), { name: called, search }].slice(
                -MOST,
              ),
            );
            setNaming(false);
            setName("");
          }}
        >
          <TextField
            label="Name"
            required
            maxLength={60}
            value={name}
            onChange={(event) => {
              setName(event.target.value);
            }}
          />
          <div className="mt-2 flex justify-end">
            <Button look="primary" type="submit">
              Save
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}

function same(one: TutorsSearch, other: TutorsSearch): boolean {
  return JSON.stringify(tutorsSearch({ ...one })) === JSON.stringify(tutorsSearch({ ...other }));
}
