// The search in a dialog: Ctrl-K, ⌘K or a click on [data-palette-open] opens it; shortcuts.js does
// so for “/”. Arrows go through the list, Enter opens the first or the focused one. Esc closes it,
// where the browser would first empty the field.
const palette = document.getElementById("palette");

function links() {
  return [...palette.querySelectorAll(".found a")];
}

function go(event, field) {
  const found = palette.querySelector("[data-found]");
  const first = palette.querySelector(".found a");
  // Before the list for this text is there, the form leads to the page with it.
  if (!first || found.dataset.found !== field.value) return;
  event.preventDefault();
  first.click();
}

function step(event, field, by) {
  const all = links();
  const next = all.indexOf(document.activeElement) + by;
  event.preventDefault();
  if (next < 0) field.focus();
  else all[Math.min(next, all.length - 1)]?.focus();
}

function keys(event, field) {
  if (event.key === "Escape" && !event.isComposing) {
    event.preventDefault();
    palette.close();
  } else if (event.key === "ArrowDown") step(event, field, 1);
  else if (event.key === "ArrowUp") step(event, field, -1);
  else if (event.key === "Enter" && event.target === field && !event.isComposing) go(event, field);
  else if (event.key.length === 1 && event.target.closest(".found")) field.focus(); // types on
}

function serve() {
  const field = palette.querySelector("input");
  const said = palette.querySelector("[role=status]");
  const open = (event) => {
    event.preventDefault();
    if (palette.open) return;
    for (const other of document.querySelectorAll("dialog[open]")) other.close();
    palette.showModal();
    field.select();
    field.dispatchEvent(new Event("opened"));
  };

  document.addEventListener("keydown", (event) => {
    const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (command && event.key.toLowerCase() === "k") open(event);
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-palette-open]");
    if (opener && !(event.ctrlKey || event.metaKey || event.shiftKey)) open(event);
  });
  palette.addEventListener("keydown", (event) => keys(event, field));
  palette.addEventListener("click", (event) => {
    if (event.target === palette || event.target.closest("[data-close]")) palette.close();
  });
  palette.addEventListener("htmx:afterSwap", () => {
    const count = palette.querySelector("[data-found-count]").dataset.foundCount;
    said.textContent = `${count} result${count === "1" ? "" : "s"}`;
  });
}

if (palette) serve();
