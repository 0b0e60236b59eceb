/** The page's script: search, keys, links to copy. Without it the page shows the same. */
export const SCRIPT = `
"use strict";
document.documentElement.classList.add("on");
const all = (selector) => [...document.querySelectorAll(selector)];
const search = document.querySelector("input[type=search]");
const rows = all(".list tbody tr");
const none = document.querySelector("#none");
const find = () => {
  const words = search.value.toLowerCase().split(" ").filter(Boolean);
  for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  if (none) none.hidden = rows.some((row) => row.offsetParent !== null);
};
if (search) {
  search.addEventListener("input", find);
  for (const filter of all("input[name=f]")) filter.addEventListener("change", find);
}
const stops = all("[data-n]");
let at = -1;
const go = (by) => {
  if (stops.length === 0) return;
  at = Math.max(0, Math.min(stops.length - 1, at + by));
  const stop = stops[at];
  history.replaceState(null, "", "#" + stop.id);
  stop.scrollIntoView({ block: "start" });
  stop.focus({ preventScroll: true });
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === search) {
    if (event.key === "Escape") search.blur();
    return;
  }
  const does = { n: () => go(1), p: () => go(-1), "/": () => search && search.focus() }[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a.l");
  const button = event.target.closest("button[data-copy]");
  const text = link ? link.href : button ? document.getElementById(button.dataset.copy).textContent : undefined;
  if (text === undefined) return;
  const shown = link || button;
  const before = shown.textContent;
  try {
    await navigator.clipboard.writeText(text);
    shown.textContent = "copied";
  } catch {
    shown.textContent = "press Ctrl-C";
    if (button) getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
  }
  setTimeout(() => { shown.textContent = before; }, 1200);
});
`;
