"""Whether hal has what it should: kubeconfigs that its daemon can read, and all else
once a script is done, where somebody else may have changed it meanwhile.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .calling import BACKUP, Failed, hal, within
from .known import differing, flags, is_restored
from .plan import call
from .primary import primary_after
from .profiles import PROCESSES, container_of_daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .plan import HalStep, Situation


def refuse_unreadable(step: HalStep, situation: Situation) -> None:
    """Let hal read the kubeconfig that it was given, and take it back where it cannot:
    no later backup would work, and Clouddriver would have no kubeconfig either.
    """
    try:
        hal(BACKUP)
    except Failed as error:
        hal(within(situation.deployment, undoing(step.name, situation)))
        raise Failed(f"{error} Its kubeconfig was taken back.{elsewhere()}") from error


def undoing(name: str, situation: Situation) -> tuple[str, ...]:
    """Return the call that gives hal the cluster's former kubeconfig, or that deletes
    the cluster that it did not have.
    """
    before = situation.held["kubernetes"].get(name)
    if not before:
        return call("kubernetes", "delete", name, {})
    former = flags("kubernetes", before[0])
    access = ("--service-account", "--kubeconfig-file")
    return call("kubernetes", "edit", name, {k: former[k] for k in access if former[k]})


def why_no_backup(situation: Situation) -> str:
    """Say, as a line more, why hal cannot read the kubeconfigs that its config names,
    as far as that shows here.
    """
    clusters = [one for ones in situation.held["kubernetes"].values() for one in ones]
    named = [one for one in clusters if one.get("kubeconfigFile")]
    gone = [
        one["kubeconfigFile"]
        for one in named
        if not is_restored(one) and not Path(one["kubeconfigFile"]).is_file()
    ]
    if gone:
        return (
            f"\n{gone[0]} isn't here. Unpack the bundle again where it was, so that "
            "the file is back."
        )
    if any(is_restored(one) for one in named):
        return (
            "\nAfter `hal backup restore`, kubeconfigs are in .backup/required-files. "
            "If they are gone, restore the backup again."
        )
    return elsewhere() if named else ""


def elsewhere() -> str:
    container = container_of_daemon(PROCESSES)
    where = f"in container {container}" if container else "in a container, or elsewhere"
    return (
        f"\nhal's daemon probably runs {where}, and doesn't see the bundle's folder. "
        "Mount the folder there at the same path, or unpack the bundle there and run "
        "the scripts there."
    )


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
