/** What the list is sorted by: also what has no column, or none on a phone. */
import type { ReactNode } from "react";
import { Button } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { Select } from "@/ui/select";
import { defaultOrder, type Sort, SORT_TITLES, SORTS, type TutorsSearch } from "./search";

interface SortChoiceProps {
  search: TutorsSearch;
  onSort: (sort: Sort, order: "asc" | "desc") => void;
}

export function SortChoice({ search, onSort }: SortChoiceProps): ReactNode {
  const sort = search.sort ?? "churn_score";
  const order = search.order ?? defaultOrder(sort);
  return (
    <div className="col-span-2 flex gap-1">
      <Select
        label="Sort by"
        className="flex-1"
        value={sort}
        options={SORTS.map((value) => ({
          value,
          label: `Sort: ${SORT_TITLES[value].toLowerCase()}`,
        }))}
        onChange={(next) => {
          onSort(next, defaultOrder(next));
        }}
      />
      <Button
        aria-label={
          order === "asc" ? "Lowest first; show highest first" : "Highest first; show lowest first"
        }
        onClick={() => {
          onSort(sort, order === "asc" ? "desc" : "asc");
        }}
      >
        <Icon name={order === "asc" ? "rising" : "falling"} className="size-3.5" />
      </Button>
    </div>
  );
}
