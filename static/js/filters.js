// A form with data-filter applies when it changes: the address takes its fields, and the
// content is refreshed. Choices are steps that “Back” takes back, typing isn't.
const PAUSE = 300; // milliseconds after the last key
const said = document.getElementById("said");
let timer;
let shown = location.search;
let waits = false;

function addressOf(form) {
  const fields = [...new FormData(form)].filter(([, value]) => value.trim());
  const query = new URLSearchParams(fields).toString();
  return location.pathname + (query && `?${query}`);
}

function isChanged(field) {
  if (field.matches("select")) {
    const shown = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(shown, 0);
  }
  if (!field.matches("input")) return false;
  return field.checked !== field.defaultChecked || field.value !== field.defaultValue;
}

function apply(form, keep) {
  clearTimeout(timer);
  if (!form.checkValidity()) return; // a day that isn't written out yet
  const address = addressOf(form);
  if (address === location.pathname + location.search) return;
  history[keep](null, "", address);
  shown = location.search;
  waits = true;
  document.dispatchEvent(new CustomEvent("bowline:refresh"));
}

document.addEventListener("input", ({ target }) => {
  const form = target.closest("form[data-filter]");
  if (!form || target.matches("select")) return;
  clearTimeout(timer);
  timer = setTimeout(() => apply(form, "replaceState"), PAUSE);
});
document.addEventListener("change", ({ target }) => {
  const form = target.closest("form[data-filter]");
  if (form) apply(form, target.matches("select") ? "pushState" : "replaceState");
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-filter]")) return;
  event.preventDefault();
  apply(event.target, "pushState");
});

document.addEventListener("htmx:afterSwap", () => {
  if (!waits) return;
  waits = false;
  said.textContent = document.querySelector("[data-found]")?.textContent ?? "Nothing matches.";
});
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, () => { if (waits) location.reload(); });
}
// What was chosen or typed before this ran; the listeners of every module are there now.
document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form[data-filter]")) {
    if ([...form.elements].some(isChanged)) apply(form, "replaceState");
  }
});
addEventListener("popstate", () => {
  if (location.search !== shown) location.reload();
});
