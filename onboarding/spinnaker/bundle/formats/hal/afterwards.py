"""What hal has once a script is done, where somebody else changed it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .known import differing
from .primary import primary_after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .plan import HalStep, Situation


def surprises(
    before: Situation, steps: list[HalStep], after: Situation
) -> Iterator[str]:
    """Yield a sentence for all that is not as these steps leave it."""
    verbs = {
        (words[2], words[5]): words[4]
        for step in steps
        for words in step.calls
        if words[3] == "account"
    }
    for provider, held in after.held.items():
        wanted = {
            account["name"]: account for account in before.bundle.get(provider, ())
        }
        was = before.held.get(provider, {})
        for name in dict.fromkeys((*was, *wanted, *held)):
            verb, now = verbs.get((provider, name), ""), held.get(name, [])
            if len(now) > 1 and (verb or now != was.get(name)):
                yield f"hal has {provider} {name} {len(now)} times."
            elif not verb and now != was.get(name, []):
                yield f"{provider} {name} was changed by someone else in the meantime."
            elif verb == "delete" and now:
                yield f"{provider} {name} is in hal again."
            elif verb not in ("", "delete") and (
                not now or differing(provider, wanted[name], now[0])
            ):
                yield f"{provider} {name} isn't as this bundle has it."
    primary = primary_after(before, steps)
    if after.stored_primary != primary:
        yield (
            f"hal's primary account is {after.stored_primary or 'none'}, and not "
            f"{primary or 'none'}."
        )
