"""A site with a row of every model, and the addresses of all its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, product
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from accounts.discover.clusters import found_clusters
from accounts.discover.looking import bowline_identity
from accounts.discover.organization.watching import added_members
from accounts.discover.questions import Kind
from accounts.models import (
    Activity,
    ApiToken,
    AwsAnswers,
    Bundle,
    CheckResult,
    DeliveredAccount,
    Delivery,
    DeliveryStep,
    Digest,
    EnvironmentPolicy,
    EnvironmentRule,
    HandOff,
    HandOffText,
    Happened,
    Heartbeat,
    KeptAnswer,
    ManagedAccount,
    Notification,
    Organization,
    Preferences,
    Question,
    RoleLimit,
    Rollout,
    Run,
    Spinnaker,
    Target,
    Upload,
    UploadedAccount,
    Watch,
)
from accounts.models.checks import Findings
from accounts.models.organization import ROOT
from accounts.models.people import begin_in
from accounts.models.states import State, Status
from accounts.people.activity import record
from accounts.web.bundles.views import TABS
from accounts.web.urls import urlpatterns
from accounts.web.wizard.steps import STEPS
from onboarding.delivery.verdicts import Verb, Why
from onboarding.verify.result import Located
from tests import rows
from tests.accounts.mapping.adopted import adoption_of, adoption_row
from tests.accounts.runs.carried import EVERYTHING
from tests.accounts.runs.foreign.rows import foreign_row
from tests.accounts.web.permissions.found import read_roles
from tests.attack.hostile import ACCOUNT_ID, HARMLESS
from tests.attack.signed_on import sign_on
from tests.bundles import with_every_provider
from tests.rows import account_row, bundle_row, managing_row, person, run_row, step_row

DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Sid": "A", "Action": ["a:B"]}]}


class Pages(NamedTuple):
    accounts: list[ManagedAccount]
    runs: list[Run]

    def addresses(self) -> Iterator[str]:
        """Yield every address that the URL configuration has for these rows."""
        values: dict[str, list[Any]] = {
            "step": [step.slug for step in STEPS],
            **{"since": [1], "path": ["README.md"], "slug": ["settings"]},
            **{"fingerprint": ["f" * 32], "alike": ["a" * 64]},
            "file": ["clouddriver-local.yml"],
            "upload": [upload.pk for upload in Upload.objects.all()],
            "adding": keys_of(added_members),
            **{"adoption": [adoption_of().pk], "number": [2, 1, 3, 4]},
            "question": [Question.objects.exclude(file=None).get().key],
            "search": keys_of(found_clusters),
            "person": [User.objects.get(username="ann").pk],
        }
        for pattern in urlpatterns:
            of_runs = str(pattern.pattern).startswith("runs/")
            rows = self.runs if of_runs else self.accounts
            names = list(pattern.pattern.converters)
            values["pk"] = [row.pk for row in (rows[:2] if "step" in names else rows)]
            for chosen in product(*(values[name] for name in names)):
                where = dict(zip(names, chosen, strict=True))
                yield reverse(f"accounts:{pattern.name}", kwargs=where)
        yield from (self.accounts[0].get_absolute_url() + tail for tail in DETAILS)
        yield from ("/managing/?switch=1", "/sign-in/", "/you/second-factor/")
        yield from (f"/bundles/1/?wrap=1&tab={tab}" for tab in TABS)
        refused = Question.objects.filter(kind="clusters").exclude(answered_at=None)
        yield from (f"{search.get_absolute_url()}?show=refused" for search in refused)
        found = ("name-", self.runs[0].reference, "bundle")
        yield from (f"/search/?text={text}" for text in found)

    def one_of_each(self) -> Iterator[str]:
        """Yield a page of each kind, and all that look otherwise for another row."""
        seen = set()
        for address in self.addresses():
            kind = KIND.sub("", address)
            if kind not in seen or kind in DIFFER or "details" in kind:
                yield address
            seen.add(kind)

    def admin_addresses(self) -> Iterator[str]:
        yield "/admin/"
        for model in admin.site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            yield reverse(f"{name}_changelist")
            row = model._default_manager.first()
            if row is not None:
                yield reverse(f"{name}_change", args=[row.pk])

    def looks(self) -> Iterator[str]:
        """Yield the addresses that ask AWS."""
        account = self.accounts[0].get_absolute_url()
        yield from (f"{account}{tail}".replace("look=no", "look=1") for tail in DETAILS)
        yield f"{account}identity/?look=1&regions=us-east-1"
        yield from ("/managing/?switch=1&look=1", "/settings/?look=1")

    def forms(self) -> Iterator[str]:
        """Yield the addresses of pages that a person fills in."""
        account = self.accounts[0].get_absolute_url()
        yield from ("/sign-in/", "/accounts/new/", "/managing/", "/accounts/adopt/")
        yield from (f"{account}identity/", f"{account}access/")
        yield from (f"{adoption_of().get_absolute_url()}{i}/" for i in ("add", "aws"))
        yield from (f"{account}{tail}" for tail in DETAILS)


KIND = re.compile("[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+(?=/)")
"""What of an address names a row."""

DIFFER = ("/runs//", "/bundles//", "/bundles/deliveries//", "/accounts/clusters//")
DETAILS = [f"details/?provider={key}&look=no" for key in EVERYTHING]


def whole_site() -> Pages:
    """Make rows of every model, in every state that a page shows in its own way."""
    operator = person("operator", username="ann")
    Preferences.objects.create(person=operator, time_zone="Europe/Berlin")
    other = person("approver", username="limited")
    RoleLimit.objects.create(person=other, role="approver", environment="planted")
    sign_on(operator, HARMLESS)
    rows.factor_rows(operator, HARMLESS)
    bowline = "arn:aws:iam::911111111111:role/bowline"
    managing_row(bowline_principal=bowline, kept_roles=[rows.kept_role(who=HARMLESS)])
    now = timezone.now()
    waiting = {"name": "staging", "account_id": ACCOUNT_ID, "what": "new", "line": 2}
    upload = Upload.objects.create(by=operator, name="accounts.csv")
    UploadedAccount.objects.create(upload=upload, position=0, **waiting)
    Upload.objects.create(by=operator, name="accounts.csv", saved_at=now)
    adoption_row(operator, HARMLESS)
    accounts = []
    # Only the managing account is ever changed and not verified yet.
    states = cycle(one for one in State.values if one != State.APPLIED)
    for number, state in zip(range(len(Status)), states, strict=False):
        account = account_row(
            f"a-{number}",
            account_id=f"{int(ACCOUNT_ID) + number}",
            state=state,
            verification=State.VERIFIED if state == State.VERIFIED else "",
            environment="prod",
            access_role="Access",
            **{"read_roles": ["readers"], "write_roles": ["writers"]},
            carried={"aws": {"accountType": HARMLESS}},
            also_as=[{"name": f"also-{number}", "carried": {"aws": {"x": HARMLESS}}}],
            uses_external_id=False,
            granted_at=None if state == State.DRAFT else now,
            **dict.fromkeys(("created_by", "accepted_by"), operator),
            providers=EVERYTHING,
            made_by="owner" if number % 2 else "bowline",
        )
        account.spinnaker_names.create(name=f"name-{number}")
        accounts.append(account)
    begin_in(ACCOUNT_ID, "planted")
    for number, whose in enumerate((None, *accounts[:3]), 1):
        foreign_row(whose, pk=number, digest=f"{number}" * 64)
    read_roles(accounts[0], differs=[HARMLESS], unread=HARMLESS)
    text = HandOffText.objects.create(digest="e" * 64, text=HARMLESS)
    HandOff.objects.create(
        account=accounts[1], text=text, number=1, stack_name="bowline", region="r"
    )
    runs = [run_of(*both) for both in zip(accounts, Status.values, strict=True)]
    runs.append(run_row(Status.VERIFIED, account=None, kind=Run.Kind.MANAGING))
    roll_out(runs, operator)
    found = {"outcome": "failed", "name": HARMLESS, "sentence": HARMLESS}
    Findings.objects.create(digest="d" * 64, results=[found])
    for number, status in enumerate(("ready", "ready", "failed", "building"), 1):
        bundle = bundle_row(with_every_provider(), number)
        bundle.accounts.set(accounts)
        kept = {"status": status, "error": HARMLESS, "created_by": operator}
        Bundle.objects.filter(pk=bundle.pk).update(**kept)
    EnvironmentPolicy.objects.create(environment="lab", second_approver=True)
    EnvironmentRule.objects.create(by="name", value="lab-*", environment="lab")
    Heartbeat.note(seen_at=now + timedelta(hours=1))  # all pages take a while
    rows.question_row(
        bowline_identity.at("aws"),
        asked_by=operator,
        asked_at=now,
        answered_at=now + timedelta(hours=1),
        answer=dict.fromkeys(("account_id", "arn", "principal"), HARMLESS),
    )
    AwsAnswers.objects.create(operation="iam:GetRole", error=HARMLESS[:60])
    of_ci = ApiToken.objects.create(
        person=operator, name=HARMLESS[:60], digest="d" * 64, expires_at=now
    )
    KeptAnswer.objects.create(token=of_ci, key="k", digest="d" * 64, answer=HARMLESS)
    kept_organization(accounts[0])
    adding = added_members.begin(
        operator, account_ids=[], organization=Organization.objects.get().pk
    )
    adding.answered_at, adding.answer = now, {"refused": [HARMLESS]}
    adding.save()
    Target.objects.create(
        name=HARMLESS[:60],
        channel="slack",
        place="env:SLACK_WEBHOOK_URL",
        kinds=["waits"],
        environments=[HARMLESS],
        failed_at=now,
        failure=HARMLESS,
    )
    Happened.objects.create(run=runs[0], digest=Digest.objects.create())
    organization = Organization.objects.get()
    Notification(person=operator, what="new accounts", organization=organization).save()
    find_clusters(accounts[0], operator)
    deliver_all(operator)
    record(operator, Activity.What.PLAN, HARMLESS, {"note": HARMLESS})
    return Pages(accounts, runs)


def keys_of(kind: Kind) -> list[Any]:
    return [row.pk for row in Question.objects.filter(kind=kind.name)]


def roll_out(runs: list[Run], by: User) -> None:
    """Make rollouts that look different, the first of them of all these runs."""
    for number, state in enumerate(("paused", "planned", "stopped", "finished"), 1):
        Rollout.objects.create(
            number=number,
            state=state,
            reason=HARMLESS,
            excluded=[HARMLESS],
            created_by=by,
        )
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(rollout=1, wave=1)


def deliver_all(by: User) -> None:
    """Connect Spinnaker, and make deliveries that look different."""
    now = timezone.now()
    seen = [{"name": HARMLESS, "outcome": "failed", "sentence": HARMLESS, "fix": ""}]
    Spinnaker.objects.create(
        url="https://gate.example.com", release="2026.2", tested_at=now, result=seen
    )
    DeliveredAccount.objects.create(name="staging", type="aws", sent_at=now)
    left = [
        {"name": HARMLESS, "type": "aws", "why": why.name, "sentence": HARMLESS}
        for why in Why
    ]
    for number, status in enumerate(("loaded", "planned", "failed", "discarded"), 1):
        delivery = Delivery.objects.create(
            number=number,
            status=status,
            created_by=by,
            agreed=[HARMLESS],
            left=left,
            warnings=[HARMLESS],
            counts={"add": 1, "remove": 1, "unchanged": 3},
            error={"message": HARMLESS, "hint": HARMLESS},
            waiting=HARMLESS,
            approved_at=None if status == "planned" else now,
            approval_comment=HARMLESS,
            finished_at=now,
        )
        for position, verb in enumerate(Verb):
            DeliveryStep.objects.create(
                delivery=delivery,
                position=position,
                verb=verb,
                type="aws",
                name=f"staging-{position}",
                after="" if verb == Verb.REMOVE else "d" * 64,
                document={} if verb == Verb.REMOVE else {"environment": HARMLESS},
                was={"environment": '"other"'},
                sent_at=now,
                error=HARMLESS if position == 1 else "",
                causes=[HARMLESS],
            )


def find_clusters(account: ManagedAccount, by: User) -> None:
    """Search for clusters, and let another search find one and be refused one."""
    rows.search_row(by)
    search = rows.search_row(by, answered_at=timezone.now())
    search.accounts.create(account=account, message=HARMLESS, hint=HARMLESS)
    search.clusters.create(
        account=account, name="found", region="us-east-1", endpoint="public", mode="API"
    )


def kept_organization(account: ManagedAccount) -> None:
    """Keep an organization with a described account, a free one, and one that left."""
    now = timezone.now()
    organization = Organization.objects.create(
        partition="aws",
        account_id="911111111111",
        organization_id="o-a1b2c3d4e5",
        read_at=now,
        started_at=now,
        to_read=[ROOT],
        message=HARMLESS,
        hint=HARMLESS,
        units_refused=HARMLESS,
        reads_tags=True,
        tag_keys=[HARMLESS],
    )
    unit = organization.units.create(
        unit_id="ou-a", path=f"Root / {HARMLESS}", lineage="/r/ou-a/"
    )
    Watch.objects.create(
        unit=unit,
        regions=["us-east-1"],
        environment="prod",
        providers=["ec2"],
        access_role="Access",
        read_roles=["readers"],
        write_roles=["writers"],
        roles_tag=HARMLESS,
    )
    for account_id, gone_at in (
        (account.account_id, None),
        ("555555555551", None),
        ("555555555552", now),
    ):
        member = organization.members.create(
            account_id=account_id,
            name=HARMLESS,
            email=HARMLESS,
            called="harmless",
            state="ACTIVE",
            joined_at=now,
            unit=unit,
            unit_since=now,
            gone_at=gone_at,
            draft_refused=HARMLESS,
        )
        member.tags.create(key=HARMLESS, value=HARMLESS)


def run_of(account: ManagedAccount, status: str) -> Run:
    """Make a run with all that a run can have."""
    now = timezone.now()
    run = run_row(
        status,
        account=account,
        approved_at=None if status in {"planning", "planned"} else now,
        fingerprint="f" * 32,
        error={"message": HARMLESS, "hint": HARMLESS, "account": account.account_id},
        traceback=HARMLESS,
        waiting=HARMLESS,
        created_by=account.created_by,
        approved_by=account.created_by,
    )
    before, after = {"document": DOCUMENT}, {"document": {**DOCUMENT, "Id": "B"}}
    for verb, documents in CHANGES.items():
        step = {"before": before, "after": after} | documents
        step_row(run, verb=verb, message=HARMLESS, hint=HARMLESS, **step)
    for position, located in enumerate([*Located][:2]):
        CheckResult.objects.create(
            run=run,
            position=position,
            provider=("chain", "ec2")[position % 2],
            name=HARMLESS,
            outcome=CheckResult.Outcome.FAILED,
            sentence=HARMLESS,
            fix=HARMLESS,
            located=located,
            document="\n".join([HARMLESS] * 30),
            line=12,
            change=HARMLESS,
            worse=True,
        )
    return run


CHANGES: dict[str, dict[str, Any]] = {
    "create": {"before": None},
    "update": {},
    "delete": {"after": None},
}
