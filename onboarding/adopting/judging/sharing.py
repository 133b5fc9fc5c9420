"""Several names of one AWS account, and the roles that Spinnaker assumes there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from onboarding import names
from onboarding.adopting.judging.verdicts import READ_AND_WRITE
from onboarding.adopting.values import AWS, Account
from onboarding.names import short
from onboarding.partitions import PARTITIONS, Arn
from onboarding.topology import MANAGED_ROLE

T = TypeVar("T", str, "RoleName")


class RoleName(NamedTuple):
    """A role as accounts have it, whichever AWS account it is in."""

    partition: str
    name: str
    """With its path, where it has one: `spinnaker/deploy`."""


def role_of(account: Account) -> RoleName | None:
    """Return the account's role where Bowline could describe it."""
    return None if refusal(account) else role_in(account)


def role_in(account: Account) -> RoleName:
    found = Arn.of(account.text("assumeRole"))
    return RoleName(found.partition, found.resource.partition("/")[2])


def refusal(account: Account) -> str:
    """Say why Bowline could not describe the role; empty where it could."""
    role = account.text("assumeRole")
    if not role:
        return (
            "Spinnaker assumes no role for this account. Bowline only manages accounts "
            "with one: to add this account later, let Spinnaker assume a role in it."
        )
    found = Arn.of(role)
    if "{{" in role or "${" in role:
        return "Nothing here says which role this is."
    if found.kind != "role" or found.partition not in PARTITIONS:
        return (
            "This is no role that Bowline knows: it must be role/NAME or a role's ARN."
        )
    if found.account != account.text("accountId"):
        return (
            "The role is in another AWS account than the one that is named. Spinnaker "
            "never compares the two, and works with the role's account."
        )
    try:
        names.chain_role_in_path(role_in(account).name)
    except names.BadName as error:
        return str(error)
    return ""


def usual_role(accounts: Iterable[Account]) -> RoleName | None:
    """Return the role that most accounts have, in the partition of most: the first by
    name of several. It has no path; where all have one, Spinnaker's own name is usual.
    """
    counts = Counter(filter(None, map(role_of, accounts)))
    partitions = Counter(role.partition for role in counts.elements())
    if not partitions:
        return None
    partition = first_of_most(partitions)
    plain = {
        role: count
        for role, count in counts.items()
        if role.partition == partition and "/" not in role.name
    }
    return first_of_most(plain) if plain else RoleName(partition, MANAGED_ROLE)


def first_of_most(counts: Mapping[T, int]) -> T:
    """Return what is counted most; the first of several."""
    return min(counts, key=lambda one: (-counts[one], one))


Written = dict[str, Any]

UNLIKE = (
    "Spinnaker also knows this AWS account as “{}”. In Bowline, the names of an AWS "
    "account have one value for {}, and this account's differs."
)
ECS_OF_ANOTHER = (
    "It uses the AWS account by its name “{}”. In Bowline, ECS uses the first name, "
    "“{}”."
)


def environments_of(accounts: Iterable[Account]) -> dict[str, str]:
    """Return by account ID the environment of most of its names, as one is written;
    empty: each is in that of its own name.
    """
    by_id: dict[str, list[Account]] = {}
    for one in accounts:
        by_id.setdefault(one.text("accountId"), []).append(one)
    found: dict[str, str] = {}
    for account_id, same in by_id.items():
        counts = Counter(map(in_effect, same))
        counts[""] = sum(is_in("", one) for one in same)
        written = (*(one.text("environment") for one in same), "")
        found[account_id] = max(written, key=counts.__getitem__)
    return found


def in_effect(account: Account) -> str:
    """Return its environment to Clouddriver, which takes the name if it has none."""
    return account.text("environment") or account.name


def is_in(environment: str, account: Account) -> bool:
    return (environment or account.name) == in_effect(account)


def environment_of(account: Account, shared: str) -> str:
    """Return the one that its names share, or its own where that is another one."""
    return shared if is_in(shared, account) else account.text("environment")


def in_common(account: Account, environment: str) -> dict[str, Any]:
    """Return what Bowline has once for all names of an AWS account."""
    texts = ("assumeRole", "externalId", "sessionName", "defaultKeyPair")
    return {
        **{name: account.text(name) for name in texts},
        "environment": environment_of(account, environment),
        "lambdaEnabled": bool(account.values.get("lambdaEnabled")),
    }


def first_names_first(
    accounts: Iterable[Account],
    with_ecs: Collection[str],
    environments: Mapping[str, str],
) -> list[Account]:
    """Sort so that the first name of an AWS account comes first: one that an ECS
    account uses, and else one of most that share everything.
    """
    accounts = list(accounts)
    kinds = {
        one.name: (account_id, *in_common(one, environments[account_id]).values())
        for one in accounts
        for account_id in (one.text("accountId"),)
    }
    sizes = Counter(kinds.values())
    return sorted(
        accounts, key=lambda one: (one.name not in with_ecs, -sizes[kinds[one.name]])
    )


def unlike_name(account: Account, first: Account, environment: str) -> str:
    """Say why the account is no other name of the first one; empty where it is."""
    one, other = (in_common(each, environment) for each in (account, first))
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
