// Fields under data-shown-by="FIELD" show only while it has one of data-shown-for.
function value(form, name) {
  const inputs = [...form.querySelectorAll(`[name="${name}"]`)];
  const ticked = inputs.find((input) => input.checked);
  if (ticked) return ticked.value;
  const other = inputs.find((input) => !["radio", "checkbox"].includes(input.type));
  return other ? other.value : "";
}

function show(form) {
  for (const group of form.querySelectorAll("[data-shown-by]")) {
    const wanted = group.dataset.shownFor.split(" ");
    group.hidden = !wanted.includes(value(form, group.dataset.shownBy));
  }
}

for (const form of document.querySelectorAll("form")) {
  show(form);
  form.addEventListener("change", () => show(form));
}
