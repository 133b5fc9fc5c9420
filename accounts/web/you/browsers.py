"""Which browser somebody signed in with, in two words: “Firefox on Windows”.

Hints come first, where a browser gives them: Chrome, Edge and others hardly differ in
User-Agent. A browser that is in neither table is shown as it calls itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

LONGEST = 60
BRANDS = {
    "Brave": "Brave",
    "Google Chrome": "Chrome",
    "Microsoft Edge": "Edge",
    "Opera": "Opera",
    "Vivaldi": "Vivaldi",
    "Chromium": "Chromium",
}
"""As Sec-CH-UA has them; all of these are Chromium, too, which is therefore last."""
NAMES = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "HeadlessChrome": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
}
"""As User-Agent has them; Edge says that it is Chrome, and Chrome that it is Safari."""
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}
"""As User-Agent has them; Android says that it is Linux."""
HINTED = {"Chrome OS": "ChromeOS", "Chromium OS": "ChromeOS"} | {
    name: name for name in ("Android", "Linux", "Windows", "macOS")
}


def browser_of(headers: Mapping[str, str]) -> str:
    """Name browser and system as people do, as far as they are known."""
    agent = headers.get("User-Agent", "")
    hinted = re.findall(r'"([^"]*)";v=', headers.get("Sec-CH-UA", ""))
    said = re.findall(r"(\w+)/", agent)
    name = first(BRANDS, hinted) or first(NAMES, said)
    system = HINTED.get(headers.get("Sec-CH-UA-Platform", "").strip('"'), "")
    system = system or first(SYSTEMS, re.findall(r"\w+", agent))
    return " on ".join(part for part in (name or agent[:LONGEST], system) if part)


def first(table: Mapping[str, str], said: Iterable[str]) -> str:
    """Return what the first entry of the table calls what was said."""
    said = set(said)
    return next((called for name, called in table.items() if name in said), "")
