/** Light or dark: as the system is, unless the viewer chose the other. */
const KEY = "theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const watching = new Set<() => void>();

export type Theme = "light" | "dark";

export function theme(): Theme {
  const chosen = window.localStorage.getItem(KEY);
  return chosen === "light" || chosen === "dark" ? chosen : ofSystem();
}

function ofSystem(): Theme {
  return dark.matches ? "dark" : "light";
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme();
  watching.forEach((tell) => {
    tell();
  });
}

/** Whoever chooses what the system is anyway follows it again. */
export function chooseTheme(next: Theme): void {
  if (next === ofSystem()) window.localStorage.removeItem(KEY);
  else window.localStorage.setItem(KEY, next);
  applyTheme();
}

/** Be told of every change. */
export function watchTheme(tell: () => void): () => void {
  watching.add(tell);
  return () => {
    watching.delete(tell);
  };
}

dark.addEventListener("change", applyTheme);
