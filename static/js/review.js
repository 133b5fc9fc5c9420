// A review under data-review: a filter, keys for the next and the previous change, and
// everything folded or unfolded at once.
const NARROW = "(max-width: 60rem)";
const KEYS = "review-keys";

function serve(review) {
  const cards = [...review.querySelectorAll("[data-change]")];
  const rests = review.querySelectorAll("[data-rest]");
  const show = (card) => {
    const rest = card.closest("[data-rest]");
    if (rest) rest.open = true;
  };
  const shown = () => cards.filter((card) => !card.hidden);

  // The filter: every word must be somewhere in the change, folded lines included.
  const find = review.querySelector("[data-find]");
  const found = review.querySelector("[data-found]");
  const texts = new Map();
  const text = (card) => {
    if (!texts.has(card)) texts.set(card, card.textContent.toLowerCase());
    return texts.get(card);
  };
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const card of cards) {
      card.hidden = !words.every((word) => text(card).includes(word));
      const entry = review.querySelector(`[data-entry="${card.id}"]`);
      if (entry) entry.hidden = card.hidden;
    }
    for (const holder of [...review.querySelectorAll("[data-holds]")].reverse()) {
      const held = holder.querySelectorAll("[data-change], [data-entry]");
      holder.hidden = [...held].every((one) => one.hidden);
    }
    for (const rest of rests) rest.open ||= words.length > 0;
    const count = shown().length;
    found.textContent = words.length ? `${count} ${count === 1 ? "matches" : "match"}` : "";
  };
  find.addEventListener("input", filter);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });

  // Keys, unless a person turned them off: shortcuts.js says which one was pressed.
  const keys = review.querySelector("[data-keys]");
  keys.checked = localStorage.getItem(KEYS) !== "off";
  keys.addEventListener("change", () => {
    localStorage.setItem(KEYS, keys.checked ? "on" : "off");
  });
  let current = null;
  review.addEventListener("focusin", (event) => {
    current = event.target.closest("[data-change]") || current;
  });
  const step = (by) => {
    const list = shown();
    const at = list.indexOf(current);
    const next = list[at < 0 ? 0 : Math.min(Math.max(at + by, 0), list.length - 1)];
    if (!next) return;
    current = next;
    show(next);
    next.querySelector("summary").focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  };
  document.addEventListener("bowline:key", ({ detail }) => {
    if (!keys.checked) return;
    if (detail === "j") step(1);
    if (detail === "k") step(-1);
  });

  const fold = (open) => {
    for (const details of review.querySelectorAll("[data-change] details, [data-rest]")) {
      details.open = open;
    }
  };
  review.querySelector("[data-expand]").addEventListener("click", () => fold(true));
  review.querySelector("[data-collapse]").addEventListener("click", () => fold(false));

  // Who follows a link to a change wants to see it, also from another page.
  const unfold = (hash) => {
    const card = document.getElementById(hash.slice(1))?.closest("[data-change]");
    if (!card || !review.contains(card)) return;
    card.querySelector("details").open = true;
    show(card);
    current = card;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link) unfold(link.hash);
  });
  if (location.hash) unfold(location.hash);

  if (matchMedia(NARROW).matches) review.querySelector("[data-index]").open = false;
}

for (const review of document.querySelectorAll("[data-review]")) serve(review);
