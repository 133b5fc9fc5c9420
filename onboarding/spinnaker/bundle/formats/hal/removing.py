"""What is removed from hal: this bundle's accounts, or what earlier bundles left."""

from __future__ import annotations

from typing import Any

from .collisions import stranger
from .known import PROVIDERS, extras
from .plan import HalStep, Situation, call, number_of, refuse


def leftovers(situation: Situation, removed: dict[str, Any]) -> list[str]:
    """Name what hal still has of earlier bundles' accounts that this one has not.

    An old name of an account of this bundle is --renamed's.
    """
    ids = {int(account["accountId"]) for account in situation.bundle["aws"]}
    renamed = {
        name
        for name, accounts in situation.held["aws"].items()
        if number_of(accounts[0].get("accountId")) in ids
    }
    return [
        account["name"]
        for provider in PROVIDERS
        for account in removed[provider]
        for held in situation.held[provider].get(account["name"], ())[:1]
        if not stranger(provider, account, held)
        and account["name"] not in renamed
        and account.get("awsAccount") not in renamed
    ]


def pruning(situation: Situation, removed: dict[str, Any]) -> list[HalStep]:
    """List the deletions of what earlier bundles had and this one has not."""
    chosen = set(leftovers(situation, removed))
    steps = removal(Situation(removed, situation.known, chosen))
    return [step._replace(resumes=False) for step in steps]


def removal(situation: Situation) -> list[HalStep]:
    """List the deletions, an ECS account before the AWS account that it belongs to."""
    steps: list[HalStep] = []
    hindrances: list[str] = []
    for provider in reversed(PROVIDERS):
        for account in situation.ours(provider):
            name = account["name"]
            theirs = situation.held[provider].get(name)
            if not theirs:
                continue
            hindrances += [
                f"{why} This bundle doesn't remove it."
                for held in theirs
                if (why := stranger(provider, account, held))
            ]
            if provider == "aws":
                left = set(situation.ecs_of.get(name, ())) - situation.chosen
                hindrances += [
                    f"{name}: the ECS account {ecs} belongs to it. Remove that too."
                    for ecs in sorted(left)
                ]
            lost = {extra for h in theirs for extra in extras(provider, h, account)}
            calls = (call(provider, "delete", name, {}),)
            steps.append(HalStep(name, "removed", calls, loses=tuple(sorted(lost))))
    refuse(hindrances)
    return steps
