// A button with data-print prints the page, or saves it as a PDF. Paper has all that is folded.
const FOLDED = ":is(.permissions, [data-review]) details:not([open]), details:not([open]):has([data-review])";
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll(FOLDED)];
  for (const one of unfolded) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of unfolded) one.open = false;
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
