/** Light, dark, or as the system has it. */

const KEY = "haac-studio-theme";
const THEMES = ["system", "light", "dark"];

/** @returns {string} "system", "light" or "dark" */
export function chosenTheme() {
  const chosen = localStorage.getItem(KEY);
  return THEMES.includes(chosen) ? chosen : "system";
}

/** Take the next theme. @returns {string} it */
export function nextTheme() {
  const next = THEMES[(THEMES.indexOf(chosenTheme()) + 1) % THEMES.length];
  localStorage.setItem(KEY, next);
  applyTheme();
  return next;
}

/** Show the chosen theme. */
export function applyTheme() {
  const theme = chosenTheme();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
