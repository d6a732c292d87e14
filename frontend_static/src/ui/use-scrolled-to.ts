/** Brings what the address names into sight, once it is there. */
import { useEffect } from "react";

/** `id` is that of an element; null as long as it is not on the page. */
export function useScrolledTo(id: string | null): void {
  useEffect(() => {
    if (id) document.getElementById(id)?.scrollIntoView();
  }, [id]);
}
