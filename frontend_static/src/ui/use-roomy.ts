/** Whether there is more room than on a phone: what a phone never shows at once is not made there. */
import { useSyncExternalStore } from "react";

const ROOMY = window.matchMedia("(width >= 40rem)"); // Tailwind's sm

export function useRoomy(): boolean {
  return useSyncExternalStore(watch, () => ROOMY.matches);
}

function watch(told: () => void): () => void {
  ROOMY.addEventListener("change", told);
  return () => {
    ROOMY.removeEventListener("change", told);
  };
}
