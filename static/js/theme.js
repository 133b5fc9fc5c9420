// Dark or light: from the system unless a person chose. Runs in <head>, before paint.
const system = matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  return localStorage.getItem("theme") || "auto";
}

function show() {
  const dark = chosen() === "dark" || (chosen() === "auto" && system.matches);
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  for (const button of document.querySelectorAll("[data-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.theme === chosen()));
  }
}

document.documentElement.classList.add("js");
show();
system.addEventListener("change", show);
document.addEventListener("DOMContentLoaded", show);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme]");
  if (!button) return;
  localStorage.setItem("theme", button.dataset.theme);
  show();
});
