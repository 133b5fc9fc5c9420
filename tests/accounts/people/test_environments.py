"""One person alone changes production by calling it something else: describe
every production account as dev, or as nameless, and then plan what all share; remove
production and describe it as dev; let an account leave and add it again; give a dev
account the name of a production one; describe the managing AWS account as one of dev.

Refused: an environment belongs to the AWS account, as it was last approved. A name
belongs to the account that was approved by it. Where Spinnaker's identity is, all
environments share what changes.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.mapping.accounts_file import register_all
from accounts.mapping.edits import editing
from accounts.mapping.entries import keep_approved, keep_verified
from accounts.mapping.spinnaker import NameTaken, claim_names
from accounts.models import (
    AccountEnvironment,
    DeliveredAccount,
    FoundRoles,
    ManagedAccount,
    Run,
    SpinnakerName,
)
from accounts.models.states import State, Status
from accounts.people.deciding import Outside, SamePerson
from accounts.people.policies import managing_is_strict, policies
from accounts.people.reach import around_each
from accounts.people.role_limits.limits import inside, limit
from accounts.people.roles import APPROVER, OPERATOR
from accounts.runs.actions import approve, plan
from accounts.runs.deciding.forgetting import forget_account, leave_in_aws
from accounts.spinnaker.deliveries.planning import environments
from onboarding.accounts_file import read_accounts_file as file
from onboarding.accounts_file.reader import FileProblems
from tests.accounts.api.calling import Caller, token_of
from tests.rows import account_row, decider, run_row, step_row

pytestmark = pytest.mark.django_db

ID = "922222222222"


@pytest.fixture
def olga(managing: object) -> User:
    return decider("olga")


def production(**fields: Any) -> ManagedAccount:
    """Make a production account whose plan was approved and carried out."""
    return account_row(
        **{"environment": "production", "verification": State.VERIFIED, **fields}
    )


def describe_as(environment: str, by: User) -> ManagedAccount:
    """Describe every account as in this environment."""
    for row in ManagedAccount.objects.all():
        with editing(row, by):
            row.environment = environment
            row.save()
    return ManagedAccount.objects.latest("created_at")


def planned(account: ManagedAccount | None, by: User, **fields: Any) -> Run:
    version = account.version if account else 1
    return run_row(account=account, created_by=by, version=version, **fields)


@pytest.mark.parametrize("other", ["dev", ""])
def test_describing_every_account_otherwise_leaves_the_managing_account_strict(
    olga: User, other: str
) -> None:
    production()
    describe_as(other, olga)
    run = planned(None, olga, kind=Run.Kind.MANAGING)
    step_row(run, account_id="911111111111", name="BowlineBake")

    assert managing_is_strict()
    with pytest.raises(SamePerson, match="For the managing account"):
        approve(run, olga)
    assert "production" in {one.environment for one in policies()}


def test_a_nameless_account_is_strict_where_production_was_renamed(olga: User) -> None:
    production()
    account = describe_as("", olga)
    AccountEnvironment.objects.update(environment="")
    AccountEnvironment.objects.create(account_id="9" * 12, environment="production")

    with pytest.raises(SamePerson, match="Without an environment"):
        approve(planned(account, olga), olga)


def test_what_was_removed_from_aws_is_in_production_still(olga: User) -> None:
    account = production()
    ManagedAccount.objects.filter(pk=account.pk).remove()
    account = describe_as("dev", olga)

    with pytest.raises(SamePerson, match="In production"):
        approve(planned(account, olga), olga)


def again_as_dev(way: str, by: User) -> ManagedAccount:
    """Add the account a second time, by a way that people have."""
    if way == "page":
        row = ManagedAccount(name="new", account_id=ID, regions=["us-east-1"])
        row.environment = "dev"
        with editing(row, by):
            row.save()
    elif way == "changed ID":
        row = account_row("other", account_id="9" * 12, environment="dev")
        with editing(row, by):
            row.account_id = ID
            row.save()
    elif way == "changed ID in a file":
        account_row("new", account_id="9" * 12, environment="dev")
        again_as_dev("file", by)
    elif way == "changed ID by the API":
        body = {"name": "other", "regions": ["us-east-1"], "environment": "dev"}
        for account_id in ("9" * 12, ID):
            described = body | {"account_id": account_id, "providers": {"ec2": {}}}
            answer = Caller(token_of(by)).put("/accounts/other", described)
            assert answer.status_code in (200, 201), answer.content
    elif way == "changed ID in the database":
        account_row("other", account_id="9" * 12, environment="dev")
        ManagedAccount.objects.filter(name="other").update(account_id=ID)
    else:
        one = {"name": "new", "account_id": ID, "regions": ["us-east-1"]}
        one |= {"environment": "dev", "providers": {"ec2": {}}}
        register_all(file(json.dumps({"accounts": [one]}).encode()), by)
    return ManagedAccount.objects.get(account_id=ID)


WAYS = ["page", "changed ID", "file", "changed ID in a file"]


@pytest.mark.parametrize(
    "way", [*WAYS, "changed ID by the API", "changed ID in the database"]
)
def test_what_was_deleted_and_is_added_again_is_where_it_was(
    olga: User, way: str
) -> None:
    forget_account(production(), olga)
    account = again_as_dev(way, olga)

    assert account.environments == {"dev", "production"}
    with pytest.raises(SamePerson, match="In production"):
        approve(planned(account, olga), olga)


@pytest.mark.parametrize("way", WAYS)
def test_a_role_for_dev_adds_no_account_of_production(olga: User, way: str) -> None:
    forget_account(production(), olga)
    limit(olga, OPERATOR, ["dev"], None)

    with pytest.raises((Outside, FileProblems), match="is in production"):
        again_as_dev(way, olga)


COLUMNS = sorted(
    field.name
    for field in ManagedAccount._meta.concrete_fields
    if field.name not in {"id", "account_id"} and not field.is_relation
)
"""Whatever door writes one, it writes it here."""


def other_value(column: str, row: ManagedAccount) -> Any:
    """Return another value for the column, as a writer that skips `save()` would."""
    field, now = ManagedAccount._meta.get_field(column), getattr(row, column)
    if field.choices:
        return next(value for value, _ in field.choices if value != now)
    match field.get_internal_type():
        case "BooleanField":
            return not now
        case "DateTimeField":
            return None if now and field.null else timezone.now()
        case "JSONField":
            return [] if isinstance(now, list) else {}
        case "CharField" | "TextField" | "SlugField":
            return "dev"
        case "UUIDField":
            return uuid4()
    return (now or 0) + 1


@pytest.mark.parametrize("column", COLUMNS)
def test_no_column_of_the_account_takes_it_out_of_production(
    olga: User, column: str
) -> None:
    account = production()
    value = other_value(column, account)

    ManagedAccount.objects.filter(pk=account.pk).update(**{column: value})

    assert "production" in around_each([account.pk])[account.pk].environments
    described = ManagedAccount.objects.filter(pk=account.pk).exclude(
        inside(limited_to_dev(), OPERATOR, "environment")
    )
    assert described.exists()


def limited_to_dev() -> User:
    person = decider("dora")
    limit(person, OPERATOR, ["dev"], None)
    return person


def test_an_approval_counts_whatever_became_of_it(olga: User) -> None:
    """AWS refuses half-way: roles exist, and nothing was carried out to the end."""
    account = account_row(environment="production")
    run = planned(account, olga)
    approve(run, decider("paul"))
    Run.objects.filter(pk=run.pk).update(status=Status.FAILED)
    ManagedAccount.objects.update(state=State.FAILED)
    account = describe_as("dev", olga)

    assert account.environments == {"dev", "production"}
    with pytest.raises(SamePerson, match="In production"):
        approve(planned(account, olga), olga)
    Run.objects.update(status=Status.FAILED)
    forget_account(account, decider("pia"))
    again_as_dev("page", olga)
    with pytest.raises(SamePerson, match="In production"):
        approve(planned(ManagedAccount.objects.get(), olga), olga)


def test_a_move_that_was_approved_is_kept_by_the_account(olga: User) -> None:
    account = production()
    account = describe_as("dev", olga)
    after = [{**one, "environment": "dev"} for one in account.approved_entries]
    run = planned(account, olga, entries={"before": [], "after": after})

    keep_approved(run)

    assert AccountEnvironment.objects.get().environment == "dev"
    assert ManagedAccount.objects.get().environments == {"dev"}


def test_bowlines_own_roles_do_not_leave_because_of_a_tick(olga: User) -> None:
    account = production(granted_at="2026-01-01T00:00:00Z", applied=[{}])
    found = {"name": "spinnakerManaged", "owned": True, "trust": None, "boundary": ""}
    found |= {"within": False, "counts": {}, "uncounted": []}
    FoundRoles.objects.keep(account.pk, roles=[found])
    with editing(account, olga):
        account.adopts = True
        account.save()

    changed = ManagedAccount.objects.get()
    assert (changed.version, [*changed.authors.all()]) == (2, [olga])
    with pytest.raises(ValueError, match="Bowline created the roles"):
        leave_in_aws(changed, decider("paul"))


def test_a_name_stays_the_accounts_until_another_was_carried_out(olga: User) -> None:
    account = production(name="live")
    claim_names(account)
    with editing(account, olga):
        account.name = "x"
        account.save()
    thief = account_row("live", account_id="9" * 12, environment="dev")

    with pytest.raises(NameTaken, match="already belongs to x"):
        plan(thief, olga)
    plan(account, olga)
    with pytest.raises(NameTaken, match="already belongs to x"):
        plan(thief, olga)

    account.refresh_from_db()
    renamed = [{**one, "name": "x"} for one in account.approved_entries]
    rows = ManagedAccount.objects.filter(pk=account.pk)
    rows.have_entries(renamed, account.version)
    account.refresh_from_db()
    keep_verified(account, State.VERIFIED)
    assert [one.name for one in account.spinnaker_names.all()] == ["x"]
    assert plan(thief, olga).status == Status.PLANNING


def test_a_file_gives_no_account_a_name_that_another_is_approved_by(olga: User) -> None:
    claim_names(production(name="live"))
    each = [
        {"name": name, "account_id": number, "environment": environment}
        for name, number, environment in (
            ("x", ID, "production"),
            ("live", "9" * 12, "dev"),
        )
    ]
    each = [{**one, "regions": ["us-east-1"], "providers": {"ec2": {}}} for one in each]
    ManagedAccount.objects.update(name="x")

    with pytest.raises(FileProblems, match="already belongs to x"):
        register_all(file(json.dumps({"accounts": each}).encode()), olga)
    assert SpinnakerName.objects.get().account.name == "x"


def test_a_delivery_counts_where_what_it_replaces_was_approved(olga: User) -> None:
    DeliveredAccount.objects.create(
        name="live", type="aws", account_id=ID, sent_at="2026-01-01T00:00:00Z"
    )
    forget_account(production(name="live"), olga)

    assert environments(["live"]) == ["production"]


def test_the_managing_aws_account_is_no_account_of_dev(olga: User) -> None:
    paul = decider("paul")
    production()
    account = account_row("dev", account_id="911111111111", environment="dev")

    run = planned(account, olga)
    limit(paul, APPROVER, ["dev"], None)
    shared = "All environments share the managing account"

    with pytest.raises(SamePerson, match="For the managing account"):
        approve(run, olga)
    with pytest.raises(Outside, match=shared):
        approve(run, paul)
    limit(olga, OPERATOR, ["dev"], None)
    with pytest.raises(Outside, match=shared):
        plan(account, olga)
