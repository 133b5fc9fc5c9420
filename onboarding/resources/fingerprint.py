"""The fingerprint of a plan: equal where two accounts get the same changes. Pure.

Where it is in doubt whether two plans are the same, they are not.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from onboarding.resources.entry_changes import EntryChange, EntryDocument
from onboarding.resources.kinds import Role
from onboarding.resources.plan import Change, Delete, NotRecommended, gone_and_come
from onboarding.resources.risks import Assumable, Risk, replaces_external_id


def fingerprint(
    changes: Iterable[Change],
    own: Mapping[str, str],
    entries: Iterable[EntryChange] = (),
    name: str = "",
    not_recommended: Iterable[NotRecommended] = (),
    *,
    others: Iterable[Risk] = (),
    removes: bool = False,
) -> str:
    """Identify what goes and what comes, with an account's own words made neutral.

    `own` says what each of them means, such as the account's id; `name` is what
    Spinnaker calls the account. What is discouraged is part of it, whether the plan
    changes it or not: people read it once for all plans that are the same. So are the
    `others` who can assume the roles that get permissions. What stays is not: a policy
    of the managing account lists other accounts, too. Empty for a plan that deletes
    anything, or by which Spinnaker loses a role, which is read and confirmed by itself;
    unless it `removes` an account, or what was on its roles before: all that have the
    same plan do so, and are confirmed together.
    """
    changes, entries = tuple(changes), tuple(entries)
    deletes = any(isinstance(change, Delete) for change in changes)
    deletes |= bool(Assumable.of((c.resource.key, *c.documents) for c in changes).lost)
    deletes |= any(
        replaces_external_id(*change.documents)
        for change in changes
        if isinstance(change.resource, Role)
    )
    if not removes and (deletes or any(entry.after is None for entry in entries)):
        return ""
    said: list[tuple[object, ...]] = [parts(change, own) for change in changes]
    said += [known(entry, own, name) for entry in entries]
    said += not_recommended
    said += [
        tuple(neutral(word, own) for word in (*one.key, one.sentence)) for one in others
    ]
    text = json.dumps(said)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def parts(change: Change, own: Mapping[str, str]) -> tuple[object, ...]:
    removed, added = gone_and_come(change)
    return (
        change.verb,
        *(neutral(word, own) for word in change.resource.key),
        sorted(neutral(atom, own) for atom in removed),
        sorted(neutral(atom, own) for atom in added),
    )


def known(entry: EntryChange, own: Mapping[str, str], name: str) -> tuple[object, ...]:
    """Return both sides of an entry; of one that comes or goes without what is listed
    next to plans that are read together.
    """
    is_edit = entry.before and entry.after
    sides = (entry.before or {}, entry.after or {})
    return (
        entry.verb,
        *(
            sorted(
                [key, neutral(json.dumps(called(key, value, name)), own)]
                for key, value in (side if is_edit else without_listed(side)).items()
            )
            for side in sides
        ),
    )


TOLD_APART = ("endpoint", "certificate_authority", "environment")
"""What an account has of its own where it comes or goes: what AWS answers about a
cluster that people choose by its name, and its environment, which is listed next to it
wherever such plans are read.
"""


def without_listed(document: EntryDocument) -> EntryDocument:
    """Leave out what accounts differ by, and the names of groups: those of each account
    are listed. That none names any is a risk of every plan.
    """
    kept = {key: said for key, said in document.items() if key not in TOLD_APART}
    if "permissions" in kept:
        named = {which: bool(groups) for which, groups in kept["permissions"].items()}
        kept["permissions"] = named
    return kept


def called(key: str, value: Any, name: str) -> Any:
    """Replace the account's name in the names that Spinnaker makes of it."""
    if key not in NAMES or not (value == name or value.startswith(f"{name}-")):
        return value
    return f"\0name\0{value.removeprefix(name)}"


NAMES = ("name", "aws_account")


def neutral(text: str, own: Mapping[str, str]) -> str:
    """Replace an account's own words where they are words of their own.

    What is glued to others by a letter, a dash or a dot is another word. NUL, which
    AWS takes in no name, keeps the replacement from being a word itself.
    """
    for word, meaning in own.items():
        if word in text:  # few texts have one
            alone = rf"(?<![\w.-]){re.escape(word)}(?![\w.-])"
            text = re.sub(alone, f"\0{meaning}\0", text)
    return text
