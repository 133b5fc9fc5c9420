"""Several names of one AWS account: one account of Bowline has those that share its
role and all else that Bowline has once, and the others are left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from onboarding.adopting.judging.verdicts import READ_AND_WRITE
from onboarding.adopting.values import AWS, Account
from onboarding.names import short

Written = dict[str, Any]

UNLIKE = (
    "Spinnaker also knows this AWS account as “{}”. In Bowline, the names of an AWS "
    "account have one value for {}, and this account's differs."
)
ECS_OF_ANOTHER = (
    "It uses the AWS account by its name “{}”. In Bowline, ECS uses the first name, "
    "“{}”."
)


def environment_of(account: Account) -> str:
    """Return the environment; empty where it is the name, as Clouddriver fills in."""
    environment = account.text("environment")
    return "" if environment == account.name else environment


def in_common(account: Account) -> dict[str, Any]:
    """Return what Bowline has once for all names of an AWS account."""
    texts = ("assumeRole", "externalId", "sessionName", "defaultKeyPair")
    return {
        **{name: account.text(name) for name in texts},
        "environment": environment_of(account),
        "lambdaEnabled": bool(account.values.get("lambdaEnabled")),
    }


def first_names_first(
    accounts: Iterable[Account], with_ecs: Collection[str]
) -> list[Account]:
    """Sort so that the first name of an AWS account comes first: one that an ECS
    account uses, and else one of most that share everything.
    """
    accounts = list(accounts)
    kinds = {
        one.name: (one.text("accountId"), *in_common(one).values()) for one in accounts
    }
    sizes = Counter(kinds.values())
    return sorted(
        accounts, key=lambda one: (one.name not in with_ecs, -sizes[kinds[one.name]])
    )


def unlike_name(account: Account, first: Account) -> str:
    """Say why the account is no other name of the first one; empty where it is."""
    one, other = in_common(account), in_common(first)
    fields = [name for name in one if one[name] != other[name]]
    return UNLIKE.format(short(first.name), ", ".join(fields)) if fields else ""


def by_another_name(
    written: Written, account: Account, carried: Mapping[str, Any]
) -> Written:
    """Add another name to what is written of its AWS account."""
    permissions = account.values.get("permissions", {})
    name: Written = {
        "name": account.name,
        "regions": list(account.values.get("regions", ())),
        "permissions": {
            verb: list(permissions.get(verb, ())) for verb in READ_AND_WRITE
        },
    }
    if carried:
        name["carried"] = {AWS: dict(carried)}
    others = [*written.get("also_as", ()), name]
    return {**written, "also_as": others, "providers": written["providers"]}


def regions_of(written: Written) -> set[str]:
    """Return the Regions of an AWS account, by whichever name."""
    every = (written, *written.get("also_as", ()))
    return {region for one in every for region in one["regions"]}
