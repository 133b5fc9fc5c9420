"""No hint that people may read of existing roles tells them to delete, remove, or
rename anything of theirs: it names the setting or the step that does without.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
SAYING = (
    "onboarding/aws",
    "onboarding/checks.py",
    "onboarding/desired",
    "onboarding/providers",
    "onboarding/verify",
    "accounts/models/states.py",
    "accounts/runs",
    "accounts/web/runs/views.py",
    "accounts/web/taking_over",
)
"""What writes hints of plans, changes and verifications."""
TELLS = re.compile(r"(?:^|[.:,;] |\b(?:or|and|to|then) )(delete|remove|rename)\b", re.I)

OF_OTHERS = {
    "remove the condition from its statement": "not with existing roles",
    ", delete that role": "not with existing roles",
    "Then remove it from AWS.": "of a removal that people asked for",
    "there's nothing to remove": "of a removal that people asked for",
    "Remove it from ": "of an account that people delete from Bowline",
    "Remove the ": "of an account that people forget",
    "Remove this account separately.": "of a rollout that removes accounts",
    "Remove the account again, ": "of a removal that didn't finish",
    "remove {}": "counts what a person confirms",
    "delete in {}": "counts what a person confirms",
    "delete an account from Bowline": "names a decision",
    "delete every database": "says what PowerUserAccess allows",
}
"""What is never said of an account that keeps existing roles, and why."""


def texts(path: Path) -> Iterator[str]:
    """Yield what a module can say, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = node.values
            silent |= {id(one) for one in parts}
            yield "".join(
                str(one.value) if isinstance(one, ast.Constant) else "{}"
                for one in parts
            )
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in silent
        ):
            yield node.value


def modules() -> Iterator[Path]:
    for name in SAYING:
        place = ROOT / name
        yield from [place] if place.is_file() else sorted(place.rglob("*.py"))


def telling(text: str) -> bool:
    left = text
    for known in OF_OTHERS:
        left = left.replace(known, "")
    return " " in text and bool(TELLS.search(left))


def test_no_hint_tells_people_to_delete_remove_or_rename() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in modules()
        for text in texts(path)
        if telling(text)
    }

    assert found == set()


@pytest.mark.parametrize(
    "text",
    [
        "Delete it, or choose another name; then plan again.",
        "Take another name. Rename or remove it, then plan again.",
        "Raise the quota, or remove some.",
    ],
)
def test_such_a_hint_would_be_found(text: str) -> None:
    assert telling(text)


def test_each_exception_is_still_said() -> None:
    said = "\n".join(text for path in modules() for text in texts(path))

    assert [one for one in OF_OTHERS if one not in said] == []
