"""Every URL of the site, read from its URL configuration, with rows behind it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import RegexPattern
from django.utils import timezone

from accounts.discover.looking import bowline_identity
from accounts.discover.organization.watching import added_members
from accounts.mapping.managed import topology_of
from accounts.mapping.managing import managing_of
from accounts.models import (
    Activity,
    ApiToken,
    CheckResult,
    Delivery,
    EnvironmentPolicy,
    HandOffText,
    Identity,
    KeptAnswer,
    Preferences,
    RoleLimit,
    Rollout,
    Run,
    Spinnaker,
    Target,
    Upload,
    UploadedAccount,
)
from accounts.models.checks import Findings
from accounts.models.states import State, Status
from accounts.people.activity import record
from accounts.people.doors import role_needed
from accounts.people.roles import UserRole
from tests.accounts.mapping.adopted import adoption_row
from tests.accounts.runs.foreign.rows import foreign_row
from tests.accounts.web.permissions.found import read_roles
from tests.attack.whole_site import kept_organization
from tests.factories import LEAST
from tests.rows import (
    account_row,
    bundle_row,
    factor_rows,
    managing_row,
    person,
    question_row,
    run_row,
    search_row,
    session_row,
    step_row,
)

FINGERPRINT = "f" * 32
ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>([^()]*)\)")
ANY: Mapping[str, str] = {
    "uuid": str(uuid.UUID(int=1)),
    "int": "1",
    "slug": "a",
    "str": "a",
    "path": "a",
}
"""What an argument is that nothing else is known of: the page then answers 404."""


class Page(NamedTuple):
    path: str
    needs: UserRole | None
    """The role that its view names."""


def every_row() -> None:
    """Make at least one row of everything that a page shows."""
    managing = managing_row(state=State.VERIFIED, verification=State.VERIFIED)
    account = account_row(
        providers={"ec2": {}, "lambda": {}, "eks": LEAST["eks"]},
        made_by="owner",
        state=State.VERIFIED,
        verification=State.VERIFIED,
        granted_at=timezone.now(),
        verified_at=timezone.now(),
        policy_set=1,
    )
    account.spinnaker_names.create(name=account.name)
    last = uuid.UUID(int=2**128 - 1)  # `first` is the other one
    for_many = account_row("many", pk=last, account_id="9" * 12, made_by="organization")
    given = HandOffText.objects.create(digest="d" * 64, text="Resources: {}")
    for owned in (account, for_many):
        owned.hand_offs.create(text=given, number=1, stack_name="s", region="us-east-1")
    kept_organization(account)
    planned = run_row(account=account, fingerprint=FINGERPRINT)
    for number in (1, 2):
        Rollout.objects.create(number=number, state="planned", excluded=["web: No."])
    Run.objects.filter(pk=planned.pk).update(rollout=1)
    step_row(planned)
    step_row(planned, verb="update", before={"name": "x"}, after={"name": "y"})
    ended = run_row(Status.FAILED, account=account, error={"message": "No."})
    CheckResult.objects.create(
        run=ended, position=0, provider="ec2", name="List", outcome="failed", line=1
    )
    foreign_row(account, pk=1)
    read_roles(account, differs=["A role differs."], unread="No.")
    found = {"outcome": "failed", "name": "List", "sentence": "No."}
    Findings.objects.create(digest="d" * 64, results=[found])
    topology = topology_of(managing_of(managing), [account])
    for number in (1, 2):
        bundle_row(topology, number)
    AccessAttempt.objects.create(
        username="x", ip_address="192.0.2.1", failures_since_start=1
    )
    question_row(
        bowline_identity.at(managing.partition),
        asked_at=timezone.now(),
        answered_at=timezone.now(),
        answer={"account_id": "1" * 12, "arn": "arn:aws:iam", "principal": "arn:aws"},
    )
    for number, status in ((1, "loaded"), (2, "planned")):
        delivery = Delivery.objects.create(number=number, status=status)
        delivery.steps.create(position=0, verb="add", type="aws", name="a", after="d")
    Spinnaker.objects.create(url="https://gate.example.com", release="2026.2")
    EnvironmentPolicy.objects.create(environment="lab", second_approver=True)
    somebody = person("viewer", username="somebody")
    Preferences.objects.create(person=somebody, time_zone="Europe/Berlin")
    for by_groups in (False, True):
        RoleLimit.objects.create(
            person=somebody, role="operator", environment="test", by_groups=by_groups
        )
    Identity.objects.create(
        person=somebody,
        issuer="https://login.example.com",
        subject="somebody",
        seen_at=timezone.now(),
        groups=["platform"],
    )
    factor_rows(somebody)
    session_row(somebody)
    of_ci = ApiToken.objects.create(
        person=somebody, name="ci", digest="d" * 64, expires_at=timezone.now()
    )
    KeptAnswer.objects.create(token=of_ci, key="k", digest="d" * 64, status=200)
    Target.objects.create(
        name="team", channel="webhook", place="https://hooks.example.com/bowline"
    )
    upload = Upload.objects.create(by=somebody, name="accounts.csv")
    UploadedAccount.objects.create(upload=upload, position=0, line=2, name="a")
    adoption_row(somebody)
    search_row(somebody, answered_at=timezone.now())
    added_members.begin(somebody, account_ids=[], plans=False)
    record(somebody, Activity.What.PLAN, account.name, {"run": str(planned.pk)})


def listed(wrong: Iterable[object]) -> str:
    """Write what is wrong line by line; pytest would cut a list short."""
    return "\n".join(str(one)[:300] for one in wrong)


def first(model: str, **fields: str) -> str:
    """Name the first row of a model, or none that there is."""
    rows = apps.get_model(model)._default_manager.filter(**fields)
    row = rows.order_by("pk").first()
    return str(row.pk) if row else "1"


class Arguments:
    """What the arguments of routes are, as far as their rows are known now."""

    def __init__(self) -> None:
        planned = Run.objects.filter(status=Status.PLANNED).first()
        self.planned = str(planned and planned.pk)
        self.number = str(planned and planned.number)
        self.first = cache(first)
        self.by_place = {
            "accounts": {
                "pk": first("accounts.managedaccount"),
                "step": "identity",
                "upload": first("accounts.upload"),
                "adoption": first("accounts.adoption"),
                "search": first("accounts.question", kind="clusters"),
                "adding": first("accounts.question", kind="organization-adding"),
                "path": "README.md",
                "number": "1",
            },
            "foreign-policies": {"number": "1", "alike": "a" * 64},
            "help": {"slug": "settings"},
            "bundles": {"number": "2", "since": "1", "path": "README.md"},
            "admin": {
                "content_type_id": str(ContentType.objects.get_for_model(Run).pk),
                "object_id": self.planned,
                "url": "nowhere",
            },
        }

    def of(self, route: str) -> dict[str, str]:
        if found := re.match(r"admin/(accounts|auth|axes)/(\w+)/", route):
            pk = self.first(f"{found[1]}.{found[2]}")
            return {"object_id": pk, "id": pk}
        place = route.partition("/")[0]
        if place == "runs":
            number = "1" if "/rollouts/" in route else self.number
            return {"pk": self.planned, "number": number, "fingerprint": FINGERPRINT}
        if place == "settings":
            kind = "target" if "/notifications/" in route else "apitoken"
            return {
                "pk": self.first(f"accounts.{kind}"),
                "person": self.first("accounts.preferences"),
            }
        return self.by_place.get(place, {})


def walk(
    patterns: list[URLPattern | URLResolver], before: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        else:
            yield route, pattern


def pages() -> list[Page]:
    """List every URL, with the rows that there are in its place."""
    known = Arguments()
    paths = [
        filled_in(route, pattern, known.of(route))
        for route, pattern in walk(get_resolver().url_patterns)
    ]
    found = [(path, resolve(path)) for path in paths]
    return [Page(path, role_needed(m.func, m.app_name)) for path, m in found]


def filled_in(route: str, pattern: URLPattern, known: dict[str, str]) -> str:
    if isinstance(pattern.pattern, RegexPattern):
        route = re.sub(r"[$^]", "", route)
        route = GROUP.sub(lambda p: known.get(p[1], p[2].split("|")[0]), route)
    return "/" + ARGUMENT.sub(lambda p: known.get(p[2]) or ANY[p[1] or "str"], route)
