"""Keyboard shortcuts: the table of the sheet that static/js/shortcuts.js reads."""

from __future__ import annotations

from typing import NamedTuple

from accounts.web.search.places import PLACES


class Shortcut(NamedTuple):
    keys: str
    """As they are pressed, with spaces between."""
    does: str
    goes: str = ""
    """The name of the URL that it opens."""
    opens: str = ""
    """The id of the dialog that it opens."""
    clicks: str = ""
    """A selector of what it clicks on."""

    @property
    def each(self) -> list[str]:
        return self.keys.split()


SHORTCUTS = (
    Shortcut("/", "Search", clicks="[data-palette-open]"),
    Shortcut("?", "Show the shortcuts", opens="shortcuts"),
    *(
        Shortcut(f"g {place.key}", f"Go to {place.title}", goes=place.url)
        for place in PLACES
    ),
    Shortcut("j", "Next change of a plan"),
    Shortcut("k", "Previous change of a plan"),
)
