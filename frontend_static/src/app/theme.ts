/** Light or dark: as the system is, unless the viewer chose. */
const KEY = "theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

export type Theme = "light" | "dark";

export function theme(): Theme {
  const chosen = window.localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") return chosen;
  return dark.matches ? "dark" : "light";
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme();
}

export function chooseTheme(next: Theme): void {
  window.localStorage.setItem(KEY, next);
  applyTheme();
}

dark.addEventListener("change", applyTheme);
