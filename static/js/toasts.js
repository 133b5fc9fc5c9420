// An event "bowline:toast" shows its detail { text, url, state } until it is dismissed; a
// good one goes by itself. What comes right before a reload is shown after it.
const place = document.getElementById("toasts");
const pattern = document.getElementById("toast");
const LATER = "toasts";
const MOST = 4;
const SHOWN_FOR = 12000;

const BAD = ["failed", "errored", "outdated"];

function kindOf(state) {
  if (BAD.includes(state)) return "bad";
  return state === "planned" ? "waits" : "good";
}

function show({ text, url, state }) {
  if ([...place.querySelectorAll("a")].some((one) => one.textContent === text)) return;
  const note = pattern.content.cloneNode(true).querySelector("[data-toast-note]");
  const kind = kindOf(state);
  note.classList.add(`toast-note-${kind}`);
  const link = note.querySelector("a");
  link.textContent = text;
  link.href = url;
  place.append(note);
  while (place.children.length > MOST) place.firstElementChild.remove();
  if (kind === "good") leave(note);
}

function leave(note) {
  setTimeout(() => {
    if (note.matches(":hover, :focus-within")) leave(note);
    else note.remove();
  }, SHOWN_FOR);
}

document.addEventListener("bowline:toast", ({ detail }) => {
  if (!detail.afterReload) return show(detail);
  const waiting = JSON.parse(sessionStorage.getItem(LATER) || "[]");
  sessionStorage.setItem(LATER, JSON.stringify([...waiting, detail]));
});

document.addEventListener("click", (event) => {
  event.target.closest("[data-toast-dismiss]")?.closest("[data-toast-note]").remove();
});

for (const detail of JSON.parse(sessionStorage.getItem(LATER) || "[]")) show(detail);
sessionStorage.removeItem(LATER);
