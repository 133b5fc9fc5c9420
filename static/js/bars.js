// How high the bar at the bottom is at this moment: what has the focus scrolls to above it.
const BARS = ".bar, .form-plain > .form-bar";
const seen = new ResizeObserver(measure);

function measure() {
  const heights = [...document.querySelectorAll(BARS)].map((bar) => bar.offsetHeight);
  document.documentElement.style.setProperty("--bar", `${Math.max(0, ...heights)}px`);
}

function watch() {
  for (const bar of document.querySelectorAll(BARS)) seen.observe(bar);
  measure();
}

watch();
// What htmx brings later.
document.addEventListener("htmx:load", watch);
