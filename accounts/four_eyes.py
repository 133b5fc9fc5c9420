"""Four eyes: whoever plans may not approve, where an environment's policy says so.

The managing account, and accounts without an environment, have the policy of the
environment that has no name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from accounts.models import EnvironmentPolicy, ManagedAccount, Run

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class SamePerson(Exception):
    """The policy asks for another person; the message says who may not, and why."""


class Policy(NamedTuple):
    environment: str
    four_eyes: bool
    is_chosen: bool
    """Whether an administrator decided; else it follows from the name."""


def usual(environment: str) -> bool:
    """Require a second person if the name says production, unless decided otherwise."""
    return "prod" in environment.lower()


def needs_second_person(environment: str) -> bool:
    chosen = EnvironmentPolicy.objects.filter(environment=environment).first()
    return chosen.four_eyes if chosen else usual(environment)


def policies() -> list[Policy]:
    """List the policy of each environment that is in use or was decided about."""
    chosen = dict(EnvironmentPolicy.objects.values_list("environment", "four_eyes"))
    used = ManagedAccount.objects.order_by().values_list("environment", flat=True)
    return [
        Policy(name, chosen.get(name, usual(name)), name in chosen)
        for name in sorted({"", *used.distinct(), *chosen})
    ]


def choose(environment: str, *, four_eyes: bool) -> None:
    EnvironmentPolicy.objects.update_or_create(
        environment=environment, defaults={"four_eyes": four_eyes}
    )


def refuse_same_person(run: Run, by: User | None) -> None:
    """Raise SamePerson where the policy asks for somebody else to approve a plan."""
    if reason := refusal(run.account, run.created_by_id, by):
        raise SamePerson(reason)


def refuse_same_acceptance(account: ManagedAccount, by: User | None) -> None:
    """Raise SamePerson where somebody else must accept an evaluated account."""
    planned = account.runs.filter(kind=Run.Kind.ONBOARD).first()
    planned_by = planned.created_by_id if planned else None
    if reason := refusal(account, planned_by, by):
        raise SamePerson(reason)


def refusal(
    account: ManagedAccount | None, planned_by: int | None, by: User | None
) -> str:
    """Say why the person may not decide about the account; empty where they may.

    The command line acts for no one unless it names a person, and so is never the
    second person.
    """
    environment = account.environment if account else ""
    if not needs_second_person(environment):
        return ""
    return same_person(account, planned_by, by)


def same_person(
    account: ManagedAccount | None, planned_by: int | None, by: User | None
) -> str:
    """Say why the person is no second one, where the policy asks for a second."""
    environment = account.environment if account else ""
    policy = (
        f"In {environment or 'no environment'}, the person who plans cannot approve"
    )
    if by is None:
        return (
            f"{policy}: somebody must approve on the plan's page, or be named with "
            "--by."
        )
    if by.pk == planned_by:
        return f"{policy}: {by} started this plan. Another person must approve."
    if account and by.pk in describers(account):
        return f"{policy}: {by} edited the account. Another person must approve."
    return ""


def describers(account: ManagedAccount) -> set[int | None]:
    """Return who edited the account last, and who described it if it is new."""
    new = set() if account.approved_entries else {account.created_by_id}
    return {account.edited_by_id, *new}
