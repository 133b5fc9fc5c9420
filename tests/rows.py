"""Rows for tests: valid ones, with only the differing fields given."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.discover.clusters import USUAL, found_clusters
from accounts.discover.questions import KEPT
from accounts.mapping.edits import editing_managing
from accounts.mapping.entries import described_entries, keep_verified
from accounts.mapping.handing_off import hand_off_of, hand_off_of_managing
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.models import (
    BrowserSession,
    Bundle,
    EnabledProvider,
    HandOff,
    HandOffText,
    ManagedAccount,
    ManagingAccount,
    Question,
    Run,
    Step,
)
from accounts.models.states import State, Status
from onboarding.spinnaker.bundle import bundle_files
from onboarding.spinnaker.bundle.archive import file_list, zipped
from onboarding.topology import Topology
from tests import factories
from tests.bundles import had_by

PASSWORD = "a-password-of-tests"


def managing_row(**fields: Any) -> ManagingAccount:
    plain = {"name": "core", "account_id": "911111111111"}
    return ManagingAccount.objects.create(**{**plain, **fields})


def edit_managing(by: User | None = None, **columns: Any) -> None:
    """Edit the managing account, which outdates whom it concerns."""
    row = ManagingAccount.objects.get()
    with editing_managing(row, by):
        for name, value in columns.items():
            setattr(row, name, value)
        row.save()


def kept_role(number: int = 7, **fields: Any) -> dict[str, Any]:
    """Make an entry of the managing account's list of kept roles."""
    plain = {
        "arn": f"arn:aws:iam::{number:012}:role/spinnakerManaged",
        "account": f"left{number}",
        "names": [f"left{number}"],
        "since": "2026-01-02T03:04:05+00:00",
        "who": "ada",
        "when": "2026-06-07T08:09:10+00:00",
    }
    return {**plain, **fields}


def account_row(
    name: str = "staging",
    *,
    providers: dict[str, dict[str, Any]] | None = None,
    **fields: Any,
) -> ManagedAccount:
    """Make an account with providers' details by key; EC2 unless others are given.

    What Spinnaker knows of an account that was proved is approved.
    """
    plain = {"account_id": "922222222222", "regions": ["us-east-1"]}
    row = ManagedAccount.objects.create(name=name, **{**plain, **fields})
    for key, details in ({"ec2": {}} if providers is None else providers).items():
        EnabledProvider.objects.create(
            account=row, key=key, details=details, has_details=True
        )
    if row.verification and "approved_entries" not in fields:
        approve_entries(row)
    if row.verification == State.VERIFIED or (row.verification and row.accepted_at):
        keep_verified(row, row.verification)
        row.refresh_from_db(fields=["verified"])
    return row


def approve_entries(row: ManagedAccount) -> None:
    """Approve what Spinnaker is to know of the account, as it is described now."""
    stored = ManagingAccount.objects.first()
    managing = managing_of(stored) if stored else factories.managing()
    documents = described_entries(managing, managed_of(row))
    ManagedAccount.objects.filter(pk=row.pk).have_entries(documents, row.version)
    row.refresh_from_db(fields=["approved_entries", "approved_version"])


def person(role: str, **fields: Any) -> User:
    """Make a user with one role, who is called like it."""
    user = User.objects.create_user(
        **{"username": role, "password": PASSWORD, **fields}
    )
    user.groups.add(Group.objects.get(name=role))
    return user


def decider(name: str = "olga") -> User:
    """Make somebody who plans and approves."""
    user = person("approver", username=name)
    user.groups.add(Group.objects.get(name="operator"))
    return user


def run_row(status: str = Status.PLANNED, **fields: Any) -> Run:
    """Make a run of an account that stands; of `account=None` for the managing one."""
    if "account" not in fields:
        fields["account"] = ManagedAccount.objects.first() or account_row()
    account = fields["account"]
    plain = {"account_name": account.name if account else "core"}
    return Run.objects.create(status=status, **{**plain, **fields})


def step_row(run: Run, **fields: Any) -> Step:
    plain = {
        "position": run.steps.count(),
        "account_id": "922222222222",
        "account_name": "staging",
        "verb": "create",
        "kind": "role",
        "name": "spinnakerManaged",
        "reason": "Spinnaker deploys through it.",
        "after": {"name": "spinnakerManaged"},
    }
    return Step.objects.create(run=run, **{**plain, **fields})


def bundle_row(topology: Topology, number: int = 1, *earlier: Topology) -> Bundle:
    """Make a bundle that is ready, of exactly these accounts, after earlier ones."""
    states = {managed.name: "verified" for managed in topology.managed}
    files = bundle_files(topology, states, before=had_by(*earlier))
    archive = zipped(files)
    return Bundle.objects.create(
        number=number,
        status=Bundle.Status.READY,
        archive=archive,
        files=file_list(files),
        size=len(archive),
        sha256=hashlib.sha256(archive).hexdigest(),
    )


def hand_off_row(account: ManagedAccount | ManagingAccount, **fields: Any) -> HandOff:
    """Hand off the account's next version, as it is described now."""
    if isinstance(account, ManagingAccount):
        own, given = None, hand_off_of_managing(account)
    else:
        own, given = account, hand_off_of(ManagingAccount.objects.get(), account)
    text, _ = HandOffText.objects.get_or_create(
        digest=given.digest, defaults={"text": given.text}
    )
    return HandOff.objects.create(
        account=own,
        text=text,
        number=HandOff.objects.filter(account=own).count() + 1,
        stack_name=given.stack_name,
        region=given.region,
        **fields,
    )


def factor_rows(user: User, text: str = "key") -> None:
    """Give a second factor of each kind, of no use for signing in."""
    for kind, data in {
        "totp": {"secret": text},
        "webauthn": {"name": text[:60], "credential": {}},
        "recovery_codes": {"migrated_codes": ["d" * 64]},
    }.items():
        Authenticator.objects.create(user=user, type=kind, data=data)


def session_row(user: User | None, *, key: str = "key", hours: int = 1) -> None:
    """Write a session that opens nothing, and ends in so many hours."""
    BrowserSession.objects.create(
        session_key=key,
        session_data="",
        expire_date=timezone.now() + timedelta(hours=hours),
        person=user,
    )


def explained(rows: QuerySet[Any]) -> str:
    """Return how the database would find them, however few they are."""
    sql, values = rows.query.sql_with_params()
    explain = "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # it would scan a table of no rows
            cursor.execute("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN"
        cursor.execute(f"{explain} {sql}", values)
        return " ".join(str(step) for step in cursor.fetchall())


def question_row(asked: Question, **fields: Any) -> Question:
    """Write a question to a worker, and a file that was sent along."""
    usual: dict[str, Any] = {
        "asked_by": User.objects.first(),
        "expires_at": timezone.now() + KEPT,
        "file": b"accounts: []",
    }
    what = {name: getattr(asked, name) for name in ("kind", "key", "input", "is_own")}
    return Question.objects.create(**what, **{**usual, **fields})


def search_row(by: User, **fields: Any) -> Question:
    """Write a search for clusters."""
    search = found_clusters.begin(by, **USUAL, partition="aws")
    Question.objects.filter(pk=search.pk).update(**fields)
    return Question.objects.get(pk=search.pk)
