// A form with data-guard asks before its page is left with what was changed in it, and
// htmx doesn't write over that. data-guard="changed": it came back and isn't saved.
let leaves = false;

function isChanged(input) {
  if (!input.name || input.type === "hidden") return false;
  if (["checkbox", "radio"].includes(input.type)) return input.checked !== input.defaultChecked;
  if (input.options) {
    const options = [...input.options];
    const chosen = options.findIndex((option) => option.defaultSelected);
    return input.selectedIndex !== Math.max(chosen, 0);
  }
  return "defaultValue" in input && input.value !== input.defaultValue;
}

function hasChanged(form) {
  return form.dataset.guard === "changed" || [...form.elements].some(isChanged);
}

addEventListener("beforeunload", (event) => {
  const forms = [...document.querySelectorAll("form[data-guard]")];
  if (!leaves && forms.some(hasChanged)) event.preventDefault();
});

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-guard]")) leaves = true;
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-leaves]")) leaves = true;
});

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const inputs = [...event.detail.target.querySelectorAll("input, select")];
  if (inputs.some(isChanged)) event.detail.shouldSwap = false;
});
