// One toast at most stays until it is dismissed; a good one goes by itself, or for a newer one.
// A page with a body of its own has no place for toasts.
const place = document.getElementById("toasts") ?? document.createElement("div");
const MOST = 1;
const SHOWN_FOR = 12000;

function leave(note) {
  setTimeout(() => {
    if (note.matches(":hover, :focus-within")) leave(note);
    else note.remove();
  }, SHOWN_FOR);
}

document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  const notes = [...place.children];
  for (const note of notes.filter((one) => elt.contains(one))) {
    const said = notes.find((one) => one.textContent === note.textContent);
    if (said !== note) note.remove();
    else if (note.matches(".toast-note-good")) leave(note);
  }
  while (place.children.length > MOST) {
    (place.querySelector(".toast-note-good") ?? place.firstElementChild).remove();
  }
});

document.addEventListener("click", (event) => {
  event.target.closest("[data-toast-dismiss]")?.closest("[data-toast]").remove();
});
