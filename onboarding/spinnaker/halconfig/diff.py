"""What a merge did, line by line, with dots for what may be a secret."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import NamedTuple

from onboarding.spinnaker.halconfig.merging import HalconfigChange
from onboarding.spinnaker.halconfig.tree import Table, meaning
from onboarding.spinnaker.halconfig.writing import is_empty, text


class HalconfigLine(NamedTuple):
    sign: str
    """`+` for what comes, `-` for what goes, a space for what stays."""
    text: str


def diff_lines(change: HalconfigChange) -> list[HalconfigLine]:
    """Compare before and after; both are small, as a change is of one account."""
    before, after = masked_lines(change.before), masked_lines(change.after)
    found: list[HalconfigLine] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            found += (HalconfigLine(" ", line) for line in before[start:end])
        else:
            found += (HalconfigLine("-", line) for line in before[start:end])
            found += (HalconfigLine("+", line) for line in after[new_start:new_end])
    return found


def masked_lines(node: Table | None) -> list[str]:
    if node is None or is_empty(node):
        return []
    return text(node, masked=True).splitlines()


def fields(change: HalconfigChange) -> list[str]:
    """Name the keys whose values differ."""
    before, after = change.before or Table({}), change.after
    keys = dict.fromkeys([*before.pairs, *after.pairs])
    return [key for key in keys if meaning(before.get(key)) != meaning(after.get(key))]
