// A button with data-copy="TEXT", or data-copy-from="ID" of an element, copies it, and
// says so for a moment.
const said = document.getElementById("said");
const MOMENT = 2000;
const LONG = 8000;
let silence;

function say(text, moment) {
  clearTimeout(silence);
  said.textContent = text;
  silence = setTimeout(() => { said.textContent = ""; }, moment);
}

// The icon is a check for as long as the word is there.
function tick(button) {
  const use = button.querySelector("use");
  const icon = use?.getAttribute("href");
  if (!icon?.endsWith("#copy")) return;
  use.setAttribute("href", icon.replace("#copy", "#check"));
  setTimeout(() => use.setAttribute("href", icon), MOMENT);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copyFrom);
  const text = source ? source.textContent : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    say("The browser didn't let Bowline copy. Select the text instead.", LONG);
    return;
  }
  say("Copied", MOMENT);
  tick(button);
});
