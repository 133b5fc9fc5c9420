"""Rules of administrators about environments, which no description contradicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from accounts.decisions.decision import decision
from accounts.models import Activity, EnvironmentRule, ManagedAccount, Member
from accounts.people.activity import record
from accounts.people.reach import for_people
from accounts.people.roles import ADMINISTRATOR
from accounts.refused import Refused
from accounts.slices import in_slices
from accounts.wording import first_of
from onboarding.details import DetailsError
from onboarding.resources.wildcards import matches

if TYPE_CHECKING:
    from django.contrib.auth.models import User

By = EnvironmentRule.By
MOST_NAMED = 5


class Described(NamedTuple):
    name: str
    account_id: str
    environment: str


class ContradictsRule(Refused, DetailsError):
    """An account would be in another environment than a rule says."""

    code = "CONTRADICTS_RULE"

    def __init__(self, sentence: str) -> None:
        super().__init__("environment", sentence)

    def __str__(self) -> str:
        return str(self.args[-1])


def refuse_contradiction(account: ManagedAccount) -> None:
    """Raise ContradictsRule where the account isn't described as a rule says."""
    one = Described(account.name, account.account_id, account.environment)
    for _, sentence in contradictions([one]):
        raise ContradictsRule(sentence)


def contradictions(accounts: Iterable[Described]) -> Iterator[tuple[Described, str]]:
    """Yield those that aren't described as a rule says, and say what it asks for: with
    as many queries for any number of them.
    """
    rules = [*EnvironmentRule.objects.all()]
    if not rules:
        return
    accounts = [*accounts]
    units = lineages(one.account_id for one in accounts)
    for one in accounts:
        lineage = units.get(one.account_id, "")
        found = [rule for rule in rules if applies(rule, one, lineage)]
        rule = min(found, key=partial(weakness, lineage), default=None)
        if rule and rule.environment != one.environment:
            yield one, sentence(rule, one)


def applies(rule: EnvironmentRule, account: Described, lineage: str) -> bool:
    match rule.by:
        case By.ID:
            return rule.value == account.account_id
        case By.NAME:
            return matches(account.name.lower(), rule.value.lower())
    return f"/{rule.value}/" in lineage


def weakness(lineage: str, rule: EnvironmentRule) -> tuple[int, int]:
    """Sort an ID before names, and these before units; the longest pattern, and the
    deepest unit first.
    """
    depth = lineage.find(f"/{rule.value}/") if rule.by == By.UNIT else len(rule.value)
    return By.values.index(rule.by), -depth


def lineages(account_ids: Iterable[str]) -> dict[str, str]:
    """Find in which units these accounts are, from the root down."""
    rows = Member.objects.filter(gone_at=None, unit__isnull=False).order_by()
    return {
        account_id: f"/{lineage}"
        for some in in_slices(sorted({*account_ids}))
        for account_id, lineage in rows.filter(account_id__in=some).values_list(
            "account_id", "unit__lineage"
        )
    }


def sentence(rule: EnvironmentRule, account: Described) -> str:
    about = rule.get_by_display().lower().replace("aws", "AWS").replace("id", "ID")
    return (
        f"{account.name} must be in the environment {rule.environment}: a rule of the "
        f"administrators says so of the {about} {rule.value}."
    )


@decision(
    "add a rule for environments",
    ADMINISTRATOR,
    Activity.What.SETTINGS,
    touches=for_people,
)
def give_rule(by: User, *, rule: EnvironmentRule) -> None:
    """Keep a rule. Raise ContradictsRule where accounts are elsewhere."""
    rule.save()
    rows = ManagedAccount.objects.values_list("name", "account_id", "environment")
    found = [one.name for one, _ in contradictions(Described(*row) for row in rows)]
    if found:
        raise ContradictsRule(
            "These accounts are in another environment: "
            f"{first_of(sorted(found), MOST_NAMED)}. Move them first, then add it."
        )
    record(by, Activity.What.SETTINGS, f"{rule}", {"environment rule": "added"})


@decision(
    "remove a rule for environments",
    ADMINISTRATOR,
    Activity.What.SETTINGS,
    touches=for_people,
)
def take_rule(rule: EnvironmentRule, by: User) -> None:
    record(by, Activity.What.SETTINGS, f"{rule}", {"environment rule": "removed"})
    rule.delete()
