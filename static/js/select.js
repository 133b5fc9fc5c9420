// What is under data-select: a box that selects all rows, and a bar that says how many
// of what it names, with those on other pages. A button of the bar with data-fits is hidden while
// none of the selected rows has that fact in data-facts, and nothing on other pages is selected.
const known = new WeakSet();

function serve(form) {
  const boxes = () => [...form.querySelectorAll("[type=checkbox]:is([name=account], [name=run], [name=cluster])")];
  const all = form.querySelector("[data-select-all]");
  if (!all) return;
  const bar = form.querySelector("[data-select-bar]");
  const count = form.querySelector("[data-select-count]");
  const number = form.querySelector("[data-select-number]");
  const everything = form.querySelector("[name=everything]");

  const fit = () => {
    const ticked = boxes().filter((box) => box.checked);
    const facts = new Set(ticked.flatMap((box) => box.dataset.facts?.split(" ") ?? []));
    for (const button of bar.querySelectorAll("[data-fits]")) {
      button.hidden = !everything?.checked && ticked.length > 0 && !facts.has(button.dataset.fits);
    }
  };
  const show = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    const total = ticked + Number(form.dataset.selectElsewhere || 0);
    count.textContent = everything?.checked
      ? "All that match selected"
      : `${total} ${form.dataset.select || "account"}${total === 1 ? "" : "s"} selected`;
    if (number) number.textContent = ticked;
    fit();
    bar.hidden = ticked === 0 && bar.dataset.selectBar !== "stays";
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && ticked < boxes().length;
  };

  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    show();
  });
  form.addEventListener("change", show);
  document.addEventListener("htmx:afterSwap", show);
  show();
}

function serveAll() {
  for (const form of document.querySelectorAll("[data-select]")) {
    if (known.has(form)) continue;
    known.add(form);
    serve(form);
  }
}

serveAll();
// What htmx brings later.
document.addEventListener("htmx:load", serveAll);
