// Times: the exact one on hover in the reader's own zone, the distance kept fresh.
const steps = [["day", 86400], ["h", 3600], ["min", 60]];

function distance(seconds) {
  for (const [unit, size] of steps) {
    const count = Math.floor(seconds / size);
    if (count >= 1) return `${count} ${unit}${unit === "day" && count > 1 ? "s" : ""} ago`;
  }
  return "just now";
}

function refresh() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const then = new Date(time.dateTime);
    time.title = then.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
    time.textContent = distance((Date.now() - then) / 1000);
  }
}

refresh();
setInterval(refresh, 30000);
document.addEventListener("htmx:afterSettle", refresh);
document.addEventListener("bowline:refreshed", refresh);
