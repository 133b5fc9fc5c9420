"""How a page must look at any width: nothing sticks out, nothing is cut, and one button
at most is blue.

One load serves all widths, because the styles follow the window.
"""

from __future__ import annotations

from playwright.sync_api import Page

from tests.accounts.web.browsing import BUT_CONTRAST, ONLY_CONTRAST, violations

WIDTHS = (320, 390, 800, 1024, 1440)
AXE_WIDTHS = (390, 1440)
FOCUSED_WIDTHS = (390, 1024, 1440)
BETWEEN = 800
OF_LAYOUT = ("scrollable-region-focusable", "target-size")
"""Rules that depend on where things are, not only on what is shown."""
HEIGHT = 900

# What sticks out of the page or of its card, what is cut off, and which buttons are
# blue at once, as sentences. A region that scrolls sideways may hold anything, if the
# keyboard can scroll it.
FAULTS = """() => {
  const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
  const SLACK = 1;
  const wide = document.documentElement.scrollWidth;
  const faults = wide > innerWidth ? [`the page is ${wide} px wide`] : [];
  const blue = [...document.querySelectorAll(".btn-primary")]
    .filter((one) => one.checkVisibility());
  if (blue.length > 1)
    faults.push(`${blue.map((one) => one.textContent.trim()).join(", ")} are all blue`);
  const name = (one) => {
    const text = (one.textContent || "").trim().replace(/\\s+/g, " ").slice(0, 40);
    return `<${one.tagName.toLowerCase()} class="${one.className}"> “${text}”`;
  };
  const hides = (one) => getComputedStyle(one).overflowX !== "visible";
  const scrolls = (one) => ["auto", "scroll"].includes(getComputedStyle(one).overflowX);
  const seen = (one) => one.checkVisibility({ visibilityProperty: true })
    && !one.closest(".visually-hidden, .skip, svg *, input, select");

  for (const one of document.body.querySelectorAll("*")) {
    if (!seen(one)) continue;
    const box = one.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    if (hides(one) && one.clientWidth && one.scrollWidth > one.clientWidth + SLACK) {
      if (!scrolls(one)) {
        if (getComputedStyle(one).textOverflow !== "ellipsis" || !one.title)
          faults.push(`${name(one)} is cut by ${one.scrollWidth - one.clientWidth} px`);
      } else if (one.tabIndex < 0 && !one.querySelector(FOCUSABLE)) {
        faults.push(`${name(one)} scrolls, and no key does it`);
      }
    }
    let around = one.parentElement;
    while (around && around !== document.body) {
      if (hides(around)) break;
      if (around.matches(".panel, .card-choice, .command, .alert")) {
        const over = box.right - around.getBoundingClientRect().right;
        if (over > SLACK) {
          faults.push(`${name(one)} sticks out of its card by ${Math.round(over)} px`);
          break;
        }
      }
      around = around.parentElement;
    }
    if ((!around || around === document.body) && box.right > innerWidth + SLACK)
      faults.push(`${name(one)} ends at ${Math.round(box.right)} px`);
  }
  return faults.slice(0, 5);
}"""

# What has the focus and lies under something that stays where it is, when each control
# is focused in the order of Tab, and then in the order of Shift+Tab. The page measures
# its bars (bars.js) before the next frame is painted.
UNDER = """async () => {
    const painted = () => new Promise((done) => requestAnimationFrame(done));
    await painted().then(painted);
    const found = new Set();
    const STAY = ["sticky", "fixed"];
    const stays = (one) => {
        for (; one; one = one.parentElement)
            if (STAY.includes(getComputedStyle(one).position)) return one;
    };
    const controls = "a, button, summary, input, select, textarea";
    const all = [...document.querySelectorAll(controls)].filter(
        (one) => one.checkVisibility() && one.tabIndex >= 0 && !one.disabled);
    for (const one of [...all, ...all.toReversed()]) {
        if (one.tabIndex > 0) found.add(`${one.outerHTML.slice(0, 60)} out of order`);
        one.focus();
        const { left, right, top, bottom } = one.getBoundingClientRect();
        for (const y of [top + 2, bottom - 2]) {
            const bar = stays(document.elementFromPoint((left + right) / 2, y));
            if (bar && !bar.contains(one))
                found.add(`${one.outerHTML.slice(0, 60)} under ${bar.className}`);
        }
    }
    document.activeElement.blur();
    return [...found];
}"""


def under_a_bar(page: Page) -> list[str]:
    """Say what has the focus and is hidden by a bar, or by anything else that stays,
    and what Tab does not reach in the order of the page.
    """
    at = f"{page.url} at {page.viewport_size}"
    return [f"{at}: {one}" for one in page.evaluate(UNDER)]


def faults(page: Page) -> list[str]:
    """Say what sticks out or is cut at each width."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        found += [
            f"{page.url} at {width} px: {fault}" for fault in page.evaluate(FAULTS)
        ]
        if width in FOCUSED_WIDTHS:
            found += under_a_bar(page)
    return found


def axe_findings(page: Page) -> list[str]:
    """Say what axe finds in the narrowest and the widest window, of the layout between
    them, and of the colours in both themes.
    """
    show_all(page, BETWEEN)
    found = violations(page, runOnly={"type": "rule", "values": OF_LAYOUT})
    for width in AXE_WIDTHS:
        show_all(page, width)
        found += violations(page, **BUT_CONTRAST)
    # A colour on its way from one theme to the other is neither's.
    page.add_style_tag(content="* { transition: none !important }")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += violations(page, **ONLY_CONTRAST)
    return found


def show_all(page: Page, width: int) -> None:
    """Make the window as high as the page, so that no bar of buttons covers a field."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(HEIGHT, height)})
