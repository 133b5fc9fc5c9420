"""What Spinnaker can't do after a plan, however it is approved: found by what planning
read, by the account's last verification, and by the wizard. AWS is asked nothing again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django.urls import reverse

from accounts.discover.looking import found_by, possible_details
from accounts.discover.questions import same
from accounts.mapping.completeness import CANNOT_BE_USED
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.plans import take_over_of
from accounts.models import FoundRoles, ManagedAccount, ManagingAccount, Run
from accounts.runs.results import results_of
from onboarding.checks import Call, Outcome
from onboarding.partitions import Arn
from onboarding.providers.base import providers_of
from onboarding.resources.policy import Policy
from onboarding.topology import Managed, Managing
from onboarding.verify.trust import AssumeRequest, Trust

LATELY = timedelta(days=1)
"""How old an answer of the wizard's may be."""
UNMET = (Outcome.FAILED, Outcome.CANNOT_DEPLOY)
WHEN_VERIFIED = "When the account was last verified: "


class Foreseen(NamedTuple):
    sentence: str
    label: str
    """Of the button that fixes it."""
    url: str
    command: str = ""
    """What fixes it in AWS."""
    is_trust: bool = False
    """Whether Spinnaker can't even assume the role."""


def foreseen(run: Run, row: ManagingAccount | None) -> list[Foreseen]:
    """List it, what stops everything first; of another plan than an account's, none."""
    account = run.account
    if run.kind != Run.Kind.ONBOARD or account is None or row is None:
        return []
    try:
        managing, managed = managing_of(row), managed_of(account)
    except CANNOT_BE_USED:
        return []  # the page says so elsewhere
    trusts = () if take_over_of(run).trust else by_trust(account, managing, managed)
    known = answers_of(row.partition, managed)
    return [*trusts, *by_checks(account, managing, managed, known)]


def by_trust(
    account: ManagedAccount, managing: Managing, managed: Managed
) -> Iterator[Foreseen]:
    """Say why the trust policy of a role that is kept refuses Spinnaker's identity."""
    if not managed.adopts:
        return
    role_arn = managing.managed_role_arn(managed.account_id, managed.managed_role)
    name = Arn.of(role_arn).name
    for roles in FoundRoles.objects.of(account).values_list("roles", flat=True):
        for role in roles:
            if role["name"] != name or role["owned"] or not role["trust"]:
                continue
            trust = Policy.of({"Version": "2012-10-17", "Statement": role["trust"]})
            cause = Trust(role_arn, trust, trust, adopted=True).cause(
                AssumeRequest(
                    managing.identity_arn,
                    managed.external_id,
                    session_name=managed.session_name,
                )
            )
            if cause and cause.certain:
                page = f"{account.get_absolute_url()}?tab=of-others"
                yield Foreseen(
                    cause.sentence, "Replace the trust policy", page, is_trust=True
                )


def by_checks(
    account: ManagedAccount,
    managing: Managing,
    managed: Managed,
    known: Mapping[Call, Any],
) -> Iterator[Foreseen]:
    """Name what isn't there of what a deployment needs."""
    failed = sentences_that_failed(account)
    details = reverse("accounts:wizard", args=[account.pk, "details"])
    for provider in providers_of(managed):
        for check in provider.checks(managing, managed):
            if not check.missing or (check.advice and not check.deploys_in):
                continue  # it stops nothing
            if check.call in known:
                before, is_missing = "", not check.is_met_by(known[check.call])
            else:
                before, is_missing = WHEN_VERIFIED, check.missing in failed
            if is_missing:
                yield Foreseen(
                    f"{before}{check.missing}",
                    f"Change the {provider.title} details",
                    f"{details}?provider={provider.key}",
                    check.change,
                )


def answers_of(partition: str, managed: Managed) -> dict[Call, Any]:
    """Return what AWS lately answered to the wizard, by the calls."""
    found: dict[Call, Any] = {}
    for provider in providers_of(managed):
        if calls := provider.searches(managed):
            asked = possible_details.at(partition, managed.reach, calls=calls)
            rows = same(asked).filter(message="").answered(LATELY)
            for row in rows[:1]:
                found |= found_by(row)
    return found


def sentences_that_failed(account: ManagedAccount) -> set[str]:
    """Return what the account's last verification said was missing."""
    last = account.runs.all().checked().first()
    rows = results_of(last) if last else []
    return {one.sentence for one in rows if one.outcome in UNMET}
