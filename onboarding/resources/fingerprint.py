"""The fingerprint of a plan: equal where two accounts get the same changes. Pure.

Where it is in doubt whether two plans are the same, they are not.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from onboarding.resources.plan import Change, Delete, gone_and_come


def fingerprint(changes: Iterable[Change], own: Mapping[str, str]) -> str:
    """Identify what goes and what comes, with an account's own words made neutral.

    `own` says what each of them means, such as the account's id. What stays is not
    part of it: a policy of the managing account lists other accounts, too. Empty for
    a plan that deletes anything: that is read and confirmed by itself.
    """
    changes = tuple(changes)
    if any(isinstance(change, Delete) for change in changes):
        return ""
    text = json.dumps([parts(change, own) for change in changes])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def parts(change: Change, own: Mapping[str, str]) -> tuple[object, ...]:
    removed, added = gone_and_come(change)
    return (
        change.verb,
        *(neutral(word, own) for word in change.resource.key),
        sorted(neutral(atom, own) for atom in removed),
        sorted(neutral(atom, own) for atom in added),
    )


def neutral(text: str, own: Mapping[str, str]) -> str:
    """Replace an account's own words where they stand alone.

    What is glued to others by a letter, a dash or a dot is another word. NUL, which
    AWS takes in no name, keeps what stands for a word from being one itself.
    """
    for word, meaning in own.items():
        alone = rf"(?<![\w.-]){re.escape(word)}(?![\w.-])"
        text = re.sub(alone, f"\0{meaning}\0", text)
    return text
