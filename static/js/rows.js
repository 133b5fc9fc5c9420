// A click anywhere on a row with data-row opens its first link, as a click on the link would;
// in the cell of its check box it selects the row. Links and buttons stay what they are, and so does a
// selection of text.
const ACTS = "a, button, input, label, select, summary";

function rowOf(event) {
  if (event.defaultPrevented || event.target.closest(ACTS)) return null;
  return event.target.closest("tr[data-row]");
}

document.addEventListener("click", (event) => {
  const row = rowOf(event);
  if (!row || !getSelection().isCollapsed) return;
  const box = event.target.closest("td.tick")?.querySelector("input");
  if (box) {
    box.click();
    return;
  }
  const link = row.querySelector("a[href]");
  const { ctrlKey, metaKey, shiftKey } = event;
  link?.dispatchEvent(
    new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey }),
  );
});

document.addEventListener("auxclick", (event) => {
  const link = event.button === 1 && rowOf(event)?.querySelector("a[href]");
  if (link) open(link.href, "_blank", "noopener");
});
