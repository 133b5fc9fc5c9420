// A button with data-fold="ID" folds that element away and back, where it is shown.
for (const button of document.querySelectorAll("[data-fold]")) {
  const target = document.getElementById(button.dataset.fold);
  button.addEventListener("click", () => {
    const open = target.classList.toggle("unfolded");
    button.setAttribute("aria-expanded", String(open));
  });
}

// Escape and a click elsewhere close an open menu, what a button opened, and the help on a page.
const OPEN = "details:is(.menu, .drop, .help)[open]";
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(OPEN)) {
    // On a phone the more usual filters, too, are in sight only while it is open.
    const whole = menu.closest(".filters") ?? menu;
    if (!whole.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(OPEN)) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
