// An event "bowline:refresh" brings the content in line with what the server shows now, and
// keeps what a person has begun: focus, scrolling, open details, selections, and what is half typed.
// "bowline:refreshed" follows. What has data-keep stays as it is; data-key identifies rows.
const content = document.getElementById("content");
const OWN = new Set(["open", "checked", "selected", "hidden", "aria-expanded", "aria-pressed"]);
let running;

const keyOf = (node) =>
  node.id || node.dataset?.key || node.getAttribute?.("aria-labelledby") || "";
const isKept = (node) => node.nodeType === Node.ELEMENT_NODE && node.hasAttribute("data-keep");
const isTyped = (node) => node.matches("input:not([type=hidden]), textarea, select, option");

function alike(node, wanted) {
  return node.nodeName === wanted.nodeName && keyOf(node) === keyOf(wanted);
}

function setAttributes(node, wanted) {
  const isOwn = (name) => OWN.has(name) || (name === "value" && isTyped(node));
  for (const { name, value } of [...wanted.attributes]) {
    if (!isOwn(name) && node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  for (const { name } of [...node.attributes]) {
    if (!isOwn(name) && !wanted.hasAttribute(name)) node.removeAttribute(name);
  }
}

function bringInLine(node, wanted) {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.nodeValue !== wanted.nodeValue) node.nodeValue = wanted.nodeValue;
    return;
  }
  if (isKept(node) || node.isEqualNode(wanted)) return;
  setAttributes(node, wanted);
  if (node.nodeName !== "TEXTAREA") bringChildrenInLine(node, wanted);
}

function bringChildrenInLine(parent, wanted) {
  const left = new Set(parent.childNodes);
  const pairs = [...wanted.childNodes].map((child) => {
    const found = [...left].find((node) => alike(node, child));
    left.delete(found);
    return [found, child];
  });
  for (const node of left) {
    if (!isKept(node)) node.remove();
  }
  let next = parent.firstChild;
  for (const [found, child] of pairs) {
    while (left.has(next)) next = next.nextSibling;
    if (found && found === next) next = next.nextSibling;
    else parent.insertBefore(found ?? document.importNode(child, true), next);
    if (found) bringInLine(found, child);
  }
}

function keepingFocus(change) {
  const focused = document.activeElement;
  const inside = focused && content.contains(focused);
  change();
  if (!inside || document.activeElement === focused) return;
  (focused.isConnected ? focused : content).focus({ preventScroll: true });
}

async function refresh() {
  running?.abort();
  running = new AbortController();
  const address = location.href;
  let page;
  try {
    const answer = await fetch(address, {
      headers: { "Bowline-Background": "1" }, // no person does it
      signal: running.signal,
    });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch (error) {
    if (error.name !== "AbortError") {
      document.dispatchEvent(new CustomEvent("bowline:not-refreshed"));
    }
    return;
  }
  const fresh = page.getElementById("content");
  if (!fresh || address !== location.href) return;
  keepingFocus(() => bringChildrenInLine(content, fresh));
  document.dispatchEvent(new CustomEvent("bowline:refreshed"));
}

document.addEventListener("bowline:refresh", refresh);
