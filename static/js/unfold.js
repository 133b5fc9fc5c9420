// A link to a field that is folded away opens what holds it, and the field has the focus.
function unfold() {
  const field = location.hash && document.getElementById(location.hash.slice(1));
  if (!field) return;
  for (let part = field.parentElement; part; part = part.parentElement) {
    if (part.matches("details")) part.open = true;
  }
  field.scrollIntoView({ block: "center" });
  field.focus();
}

addEventListener("hashchange", unfold);
unfold();
