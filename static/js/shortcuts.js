// Keys of the sheet's rows: data-keys="g o" with data-goes (an address), data-clicks (a selector)
// or data-opens (a dialog's id). Rows without these are served by other modules: an event
// "bowline:key" says which key was pressed.
const sheet = document.getElementById("shortcuts");
const PATIENCE = 1500; // milliseconds between the keys of one shortcut
const TYPED = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])";
let before = { key: "", at: 0 };

function isMeant(event) {
  const target = event.target instanceof Element ? event.target : document.body;
  return (
    document.body.dataset.shortcuts !== "off" &&
    !event.defaultPrevented &&
    !event.isComposing &&
    !event.ctrlKey && !event.metaKey && !event.altKey &&
    !target.closest(TYPED) &&
    !document.querySelector("dialog[open]")
  );
}

function rowOf(keys) {
  return sheet.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
}

function acts(row) {
  return row.dataset.goes || row.dataset.opens || row.dataset.clicks;
}

function act(row) {
  if (row.dataset.goes) location.assign(row.dataset.goes);
  if (row.dataset.opens) document.getElementById(row.dataset.opens).showModal();
  if (row.dataset.clicks) document.querySelector(row.dataset.clicks)?.click();
}

function serve() {
  document.addEventListener("keydown", (event) => {
    if (!isMeant(event) || event.key.length !== 1) return;
    const isSecond = event.timeStamp - before.at < PATIENCE;
    const row = (isSecond && rowOf(`${before.key} ${event.key}`)) || rowOf(event.key);
    before = { key: event.key, at: event.timeStamp };
    if (!row) return;
    if (!acts(row)) {
      document.dispatchEvent(new CustomEvent("bowline:key", { detail: event.key }));
      return;
    }
    before.key = "";
    event.preventDefault();
    act(row);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-shortcuts-open]")) sheet.showModal();
  });
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet || event.target.closest("[data-close]")) sheet.close();
  });
}

if (sheet) serve();
