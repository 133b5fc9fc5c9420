"""What fixes a run that failed, as something to press or to copy: the very control of
Bowline that decides it, the statement that AWS misses, or the command.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from django.urls import reverse

from accounts.models import Run
from accounts.runs.managing.other_sites import found_another
from accounts.runs.results import trust_problem
from onboarding.aws.codes import DENIED, NOT_ENABLED, NOT_OURS

ENABLE = re.compile(r"aws account enable-region --region-name [a-z0-9-]+")
ASSUME = "sts:AssumeRole"


class Link(NamedTuple):
    label: str
    url: str


class ToCopy(NamedTuple):
    says: str
    text: str


class Fixes(NamedTuple):
    links: tuple[Link, ...] = ()
    to_copy: tuple[ToCopy, ...] = ()
    step: Link | None = None
    """The step of taking over that comes next: to plan again changes nothing."""


def fixes_of(run: Run) -> Fixes:
    """Read what fixes the run's error; nothing where only its sentence does."""
    error: dict[str, Any] = run.error or {}
    account = run.account
    code, operation = error.get("code", ""), error.get("operation", "")
    if code == NOT_OURS:
        return Fixes(not_ours(run))
    if account and account.adopts and not account.is_handed_off and trust_problem(run):
        page = f"{account.get_absolute_url()}?tab=of-others"
        return Fixes(step=Link("Replace the trust policy", page))
    if found_another(run):
        page = f"{reverse('accounts:managing')}#other-site"
        return Fixes((Link("Decide on the managing account's page", page),))
    if code == NOT_ENABLED:
        command = ENABLE.search(error["hint"])
        text = (ToCopy("Or enable the Region:", command[0]),) if command else ()
        return Fixes(step(run, "regions", "Change the account's Regions"), text)
    if code in DENIED and error.get("hint", "").startswith("Allow "):
        return Fixes(to_copy=(ToCopy("The statement to add:", statement(operation)),))
    if code in DENIED and operation == ASSUME:
        return Fixes(step(run, "id_access_role", "Test the access role"))
    if operation == "organizations:DescribeOrganization":
        return Fixes((managing("id_organization", "Change the organization"),))
    return Fixes()


def not_ours(run: Run) -> tuple[Link, ...]:
    """A name is taken: keep what has it, or take another name."""
    adopts = step(run, "id_adopts", "Keep and use existing roles")
    return (*adopts, managing("id_managed_role", "Choose other names"))


def step(run: Run, control: str, label: str) -> tuple[Link, ...]:
    """Link to a control of the access step, if the run is an account's."""
    if run.account is None:
        return ()
    page = reverse("accounts:wizard", args=[run.account.pk, "access"])
    return (Link(label, f"{page}#{control}"),)


def managing(control: str, label: str) -> Link:
    return Link(label, f"{reverse('accounts:managing')}?edit=1#{control}")


def statement(action: str) -> str:
    allowed = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps(allowed, indent=2)
