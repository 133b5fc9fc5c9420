// htmx asks for the page again through #live, and Idiomorph brings #content in line with it. What a
// person has begun stays: focus, scrolling, open details, selections, and what is half typed; what has
// data-keep stays as it is. Out of sight, and after errors, it is asked seldom; once in sight, at once.
const SLOWEST = 30000;
const OWN = new Set(["open", "checked", "selected", "hidden", "aria-expanded", "aria-pressed"]);
const icon = document.querySelector("link[rel=icon]");
const content = document.getElementById("content");
let focused;
let busy = false;
let answered = 0;
let failures = 0;

const isKept = (node) => node.nodeType === Node.ELEMENT_NODE && node.hasAttribute("data-keep");
const isTyped = (node) => node.matches("input:not([type=hidden]), textarea, select, option");

Object.assign(Idiomorph.defaults.callbacks, {
  beforeNodeMorphed: (node) => !isKept(node),
  beforeNodeRemoved: (node) => !isKept(node),
  beforeAttributeUpdated: (name, node) => !OWN.has(name) && !(name === "value" && isTyped(node)),
});

function isDue({ elt, triggeringEvent }) {
  if (triggeringEvent) return triggeringEvent.persisted !== false && !document.hidden;
  const every = Number(elt.dataset.every);
  const pause = document.hidden ? SLOWEST : Math.min(every * 2 ** failures, SLOWEST);
  return !busy && Date.now() - answered >= pause - every / 2;
}

function listen(type, act) {
  document.addEventListener(`htmx:${type}`, (event) => {
    const { elt } = event.detail.requestConfig ?? event.detail;
    if (elt.id === "live") act(event.detail, event);
  });
}

listen("confirm", (detail, event) => {
  if (!isDue(detail)) event.preventDefault();
});
listen("beforeRequest", () => { busy = true; });
listen("afterRequest", ({ successful, xhr }) => {
  busy = false;
  answered = Date.now();
  failures = successful ? 0 : failures + 1;
  if (xhr.status === 404) document.getElementById("live").remove();
});
listen("beforeSwap", (detail) => {
  if (new URL(detail.xhr.responseURL).pathname !== location.pathname) {
    Object.assign(detail, { shouldSwap: false, isError: true });
  }
  focused = content.contains(document.activeElement) && document.activeElement;
});
listen("afterSwap", () => {
  if (focused && document.activeElement === document.body) {
    (focused.isConnected ? focused : content).focus({ preventScroll: true });
  }
  const { icon: href } = document.getElementById("live").dataset;
  if (href && icon.getAttribute("href") !== href) icon.href = href;
});
