"""Orca's `default.bake.account`: whose images every deployment to EC2 asks for.

Orca lets the target account launch the image, as this account, before it deploys to
any other one. Its own value, `default`, is the name of no account.
"""

from __future__ import annotations

from dataclasses import dataclass

from onboarding.names import some
from onboarding.providers.entry_kinds import AwsEntry
from onboarding.spinnaker.entries import Entries
from onboarding.topology import Managing, Permissions

CHOSEN = "it is chosen on the managing account's page"
OWN = "it is the AWS account of Spinnaker's identity, in which Spinnaker bakes images"
SHARES = "its role can share images with other accounts"
OPEN = "everyone can deploy to it"
FIRST = "it is the first account with EC2"


@dataclass(frozen=True, slots=True)
class BakeAccount:
    """The account, and why it is this one."""

    name: str
    why: str
    is_proposed: bool
    """Nothing decides it: a person may know better."""
    warning: str = ""
    """Who can't deploy because of its groups; empty: everybody can."""


def bake_account(managing: Managing, entries: Entries) -> BakeAccount | None:
    """Choose the account; None where Spinnaker deploys nothing to EC2."""
    deployed = deploying(entries)
    if not deployed:
        return None

    def made(entry: AwsEntry, why: str, *, is_proposed: bool = False) -> BakeAccount:
        warning = locked_out(entry, deployed)
        return BakeAccount(entry.name, why, is_proposed, warning)

    for entry in entries.aws:
        if entry.name == managing.ami_owner:
            return made(entry, CHOSEN)
    for entry in entries.aws:
        if entry.account_id == managing.account_id:
            return made(entry, OWN)

    def worse(entry: AwsEntry) -> tuple[bool, bool]:
        shares = entries.ec2[entry.account_id]
        return is_restricted(entry.permissions), not shares

    best = min(deployed, key=worse)
    restricted, shares_nothing = worse(best)
    if not shares_nothing:
        why = SHARES
    elif not restricted and any(is_restricted(e.permissions) for e in deployed):
        why = OPEN
    else:
        why = FIRST
    return made(best, why, is_proposed=True)


def deploying(entries: Entries) -> list[AwsEntry]:
    """Return the entries to which EC2 is deployed."""
    return [entry for entry in entries.aws if entry.account_id in entries.ec2]


def is_restricted(permissions: Permissions) -> bool:
    return bool(permissions.read or permissions.write)


def locked_out(bake: AwsEntry, deployed: list[AwsEntry]) -> str:
    """Say who can't deploy: with Fiat, whoever deploys needs WRITE on this account,
    whichever account it is to.
    """
    if not is_restricted(bake.permissions):
        return ""
    may = {group.lower() for group in bake.permissions.write}
    others = [entry for entry in deployed if entry.account_id != bake.account_id]
    teams = {
        group.lower(): group
        for entry in others
        for group in entry.permissions.write
        if group.lower() not in may
    }
    opened = [e.name for e in others if not is_restricted(e.permissions)]
    if not (teams or opened):
        return ""
    whose = some(bake.permissions.write, 5) or "no group"
    who = []
    if teams:
        who.append(f"{some(tuple(teams.values()), 10)} can't deploy to EC2")
    if opened:
        who.append(f"only {whose} can deploy to {some(opened, 5)}")
    return (
        f"{bake.name} is the bake account, and only {whose} can write to it. With "
        f"Fiat, everyone who deploys to EC2 needs WRITE there: {'; '.join(who)}. Give "
        "these groups WRITE there, or choose another account that owns images on the "
        "managing account's page."
    )
