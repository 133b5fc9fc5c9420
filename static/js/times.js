// Times: the distance kept fresh, and the exact one on hover, in the reader's zone and in UTC. The
// zone is the chosen one, else the browser's.
const steps = [["day", 86400], ["h", 3600], ["min", 60]];
const whole = { day: "numeric", month: "short", year: "numeric", second: "2-digit" };
const short = { day: "numeric", month: "short" };

function written(moment, parts, timeZone) {
  const time = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  return moment.toLocaleString("en-GB", { ...parts, ...time, timeZone });
}

function exact(moment, zone) {
  const local = written(moment, whole, zone);
  const utc = written(moment, whole, "UTC");
  return local === utc ? local : `${local} · ${utc}`;
}

function distance(seconds) {
  for (const [unit, size] of steps) {
    const count = Math.floor(Math.abs(seconds) / size);
    const said = `${count} ${unit}${unit === "day" && count > 1 ? "s" : ""}`;
    if (count >= 1) return seconds > 0 ? `${said} ago` : `in ${said}`;
  }
  return seconds > -5 ? "just now" : "in less than a minute";
}

function refresh() {
  const zone = document.documentElement.dataset.timeZone || undefined;
  for (const time of document.querySelectorAll("time[data-ago], time[data-exact]")) {
    const then = new Date(time.dateTime);
    time.title = exact(then, zone);
    time.textContent = "ago" in time.dataset
      ? distance((Date.now() - then) / 1000)
      : written(then, short, zone);
  }
}

refresh();
setInterval(refresh, 30000);
document.addEventListener("htmx:afterSwap", refresh);
