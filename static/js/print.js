// A button with data-print prints the page, or saves it as a PDF.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
