// A button with data-copy="TEXT", or data-copy-from="ID" of an element, copies it.
const said = document.getElementById("said");

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copyFrom);
  const text = source ? source.textContent : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    said.textContent = "The browser did not let Bowline copy; select the text instead.";
    return;
  }
  said.textContent = "Copied.";
  button.classList.add("copy-done");
  setTimeout(() => button.classList.remove("copy-done"), 1500);
});
