// #live says what the page is about and what it has shown. While something moves, its address
// is asked, seldom in a tab out of sight, whose title says how it ended. What it answers takes
// its place, and the content is refreshed. When a person comes back to the tab it is asked once,
// whatever moves.
const SLOWEST = 30000;
const icon = document.querySelector("link[rel=icon]");
const here = () => document.getElementById("live");
const title = document.title.replace(`${here().dataset.word} · `, "");
let timer;
let failures = 0;

function say(type, detail) {
  document.dispatchEvent(new CustomEvent(type, { detail }));
}

function showTab({ word, icon: href }) {
  document.title = word ? `${word} · ${title}` : title;
  if (icon.getAttribute("href") !== href) icon.href = href;
}

// No person does it, so the cookie says that the session is not in use by it.
function reload() {
  document.cookie = "bowline_reloaded=1; max-age=10; path=/; samesite=strict";
  location.reload();
}

function take(answer) {
  const page = new DOMParser().parseFromString(answer, "text/html");
  const fresh = document.importNode(page.getElementById("live"), true);
  const reloads = "reloads" in fresh.dataset;
  for (const toast of fresh.querySelectorAll("template[data-toast]")) {
    const link = toast.content.querySelector("a");
    const { state } = toast.dataset;
    say("bowline:toast", { text: link.textContent, url: link.href, state, afterReload: reloads });
    toast.remove();
  }
  here().replaceWith(fresh);
  showTab(fresh.dataset);
  if (reloads) reload();
  else say("bowline:refresh");
}

async function ask() {
  clearTimeout(timer);
  try {
    const answer = await fetch(here().dataset.live, {
      headers: { "Bowline-Background": "1" },
      redirect: "manual",
    });
    if (answer.type === "opaqueredirect") {
      const text = "You are signed out. Sign in to see what changes.";
      say("bowline:toast", { text, url: location.href, state: "planned" });
      return;
    }
    if (answer.status === 404) return;
    if (!answer.ok) throw new Error(answer.status);
    if (answer.status !== 204) take(await answer.text());
    failures = 0;
  } catch {
    failures += 1;
  }
  wait();
}

function wait() {
  clearTimeout(timer);
  const every = Number(here().dataset.every);
  const pause = document.hidden ? SLOWEST : Math.min(every * 2 ** failures, SLOWEST);
  if (every) timer = setTimeout(ask, pause);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) wait();
  else ask();
});
// Back to a page that the browser kept.
addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
wait();
