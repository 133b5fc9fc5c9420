"""How far a command is, as a bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from accounts.models import Run


def shown_on_terminal(runs: Iterable[Run], doing: str, count: int) -> list[Run]:
    """Show a bar with the time left until all of these have ended; return them in the
    order of their numbers, so that what is printed next does not break the bar.
    """
    bar = click.progressbar(
        runs, length=count, label=doing, file=sys.stderr, show_pos=True
    )
    with bar as ended:
        return sorted(ended, key=lambda run: run.number)
