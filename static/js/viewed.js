// What a person marked as viewed under data-review, kept in this browser. A change is
// known by its digest: as soon as a word of it differs, it is to be viewed again.
const MOST = 5000;

function kept(key) {
  try {
    return JSON.parse(localStorage.getItem(key)) || {};
  } catch {
    return {};
  }
}

function keep(key, seen) {
  const newest = Object.entries(seen).sort((a, b) => b[1] - a[1]).slice(0, MOST);
  localStorage.setItem(key, JSON.stringify(Object.fromEntries(newest)));
}

function serve(review) {
  const key = `viewed-${review.dataset.viewer}`;
  const cards = [...review.querySelectorAll("[data-change]")];

  const show = () => {
    const seen = kept(key);
    let count = 0;
    for (const card of cards) {
      const done = card.dataset.change in seen;
      if (done) count += 1;
      card.querySelector("[data-viewed]").checked = done;
      review.querySelector(`[data-entry="${card.id}"]`)?.classList.toggle("entry-done", done);
    }
    for (const place of document.querySelectorAll("[data-viewed-count]")) {
      const where = "part" in review.dataset ? " on this page" : "";
      place.textContent = `Viewed ${count} of ${cards.length}${where}`;
    }
  };

  for (const card of cards) {
    const whole = card.querySelector("details");
    if (card.dataset.change in kept(key)) whole.open = false;
    card.querySelector("[data-viewed]").addEventListener("change", (event) => {
      const seen = kept(key);
      if (event.target.checked) seen[card.dataset.change] = Date.now();
      else delete seen[card.dataset.change];
      keep(key, seen);
      whole.open = !event.target.checked;
      show();
    });
  }
  addEventListener("storage", show);
  show();
}

for (const review of document.querySelectorAll("[data-review]")) serve(review);
