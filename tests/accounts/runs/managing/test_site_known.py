"""What this database knows of who changed the managing account, and what it adopts."""

from __future__ import annotations

from unittest.mock import Mock
from uuid import UUID

import pytest

from accounts.mapping.managing import managing_of
from accounts.models import ManagingAccount, Run
from accounts.models.states import Status
from accounts.people.deciding import Outside
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from accounts.runs.managing import other_sites
from accounts.runs.managing.other_sites import (
    NothingToAdopt,
    adopt_list,
    is_known,
    next_tags,
    put_by_others,
    refuse_other_site,
    tags_of_now,
)
from accounts.runs.scope import Scope
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.aws.site_tags import UNTAGGED, SiteTags
from onboarding.desired.managing import managing_side
from onboarding.resources.plan import PlanOutdated
from tests.rows import account_row, kept_role, managing_row, person, run_row

pytestmark = pytest.mark.django_db

MINE, OTHER = str(UUID(int=1)), str(UUID(int=2))
ARN = "arn:aws:iam::922222222222:role/spinnakerManaged"
SESSIONS = Mock(spec=Sessions)


def row_of(**fields: object) -> ManagingAccount:
    return managing_row(**{"site": UUID(MINE), "revision": 7, **fields})


def scope_of(run: Run, monkeypatch: pytest.MonkeyPatch, tags: SiteTags) -> Scope:
    """Load a run's scope, in an AWS with these tags."""
    monkeypatch.setattr(other_sites, "read_site_tags", lambda *_: tags)
    return Scope.load(run)


@pytest.mark.parametrize(
    ("tags", "adopted", "known"),
    [
        (UNTAGGED, "", True),
        (SiteTags(MINE, 6), "", True),
        (SiteTags(MINE, 7), "", True),
        (SiteTags(MINE, 8), "", False),
        (SiteTags(MINE, 8), f"{MINE}/8", True),
        (SiteTags(OTHER, 1), "", False),
        (SiteTags(OTHER, 1), f"{OTHER}/1", True),
        (SiteTags(OTHER, 2), f"{OTHER}/1", False),
    ],
)
def test_a_change_is_known_or_it_is_not(
    tags: SiteTags, adopted: str, known: bool
) -> None:
    assert is_known(row_of(adopted_revision=adopted), tags) is known


@pytest.mark.parametrize(
    ("found", "revision"),
    [(UNTAGGED, 8), (SiteTags(MINE, 7), 8), (SiteTags(OTHER, 12), 13)],
)
def test_the_next_change_is_later_than_each_known_one(
    found: SiteTags, revision: int
) -> None:
    assert next_tags(row_of(), found) == SiteTags(MINE, revision)
    assert ManagingAccount.objects.get().revision == revision


def test_nothing_is_planned_after_another_databases_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row_of(name="core")
    run = run_row(Status.PLANNING, account=None, kind="managing")
    scope = scope_of(run, monkeypatch, SiteTags(OTHER, 12))

    with pytest.raises(AwsError, match=f"the database {OTHER} changed it 12 times"):
        refuse_other_site(run, scope, (), SESSIONS)

    found = {"site": OTHER, "revision": 12, "roles": []}
    assert ManagingAccount.objects.get().other_site == found


def test_a_role_that_the_run_would_put_there_is_anothers_if_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = row_of()
    run = run_row(Status.PLANNING, account=account_row(account_id="922222222222"))
    scope = scope_of(run, monkeypatch, UNTAGGED)
    there = [*managing_side(managing_of(row), [ARN])]

    with pytest.raises(AwsError, match="1 role that this database didn't put there"):
        refuse_other_site(run, scope, there, SESSIONS)
    assert ManagingAccount.objects.get().other_site["roles"] == [ARN]


def test_what_was_found_is_forgotten_once_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row_of(other_site={"site": OTHER, "revision": 1, "roles": []})
    run = run_row(Status.PLANNING, account=None, kind="managing")

    refuse_other_site(run, scope_of(run, monkeypatch, UNTAGGED), (), SESSIONS)

    assert ManagingAccount.objects.get().other_site == {}


def test_nothing_is_applied_after_it_either(monkeypatch: pytest.MonkeyPatch) -> None:
    row_of()
    run = run_row(Status.APPLYING, account=None, kind="managing")
    scope = scope_of(run, monkeypatch, SiteTags(MINE, 9))

    with pytest.raises(PlanOutdated, match="This one may be a restored backup"):
        tags_of_now(scope, SESSIONS)
    assert ManagingAccount.objects.get().other_site["revision"] == 9


def test_what_is_adopted_is_kept_and_may_be_taken_off() -> None:
    found = {"site": OTHER, "revision": 3, "roles": [ARN, kept_role(8)["arn"]]}
    row_of(other_site=found)

    row = adopt_list(None)

    assert [(one.arn, one.who) for one in row.kept] == [
        (ARN, "the command line"),
        (kept_role(8)["arn"], "the command line"),
    ]
    assert (row.adopted_revision, row.other_site) == (f"{OTHER}/3", {})
    ManagingAccount.objects.update(kept_roles=[])
    there = [*managing_side(managing_of(row), [ARN])]
    assert put_by_others(ManagingAccount.objects.get(), (), there) == []


def test_without_another_database_there_is_nothing_to_adopt() -> None:
    row_of()

    with pytest.raises(NothingToAdopt, match="There is no list to adopt"):
        adopt_list(None)


def test_who_is_limited_adopts_nothing() -> None:
    row_of(other_site={"site": OTHER, "revision": 1, "roles": []})
    olga = person("operator")
    limit(olga, OPERATOR, ["dev"], by=None)

    with pytest.raises(Outside, match="All environments share the managing account"):
        adopt_list(olga)
    assert ManagingAccount.objects.get().other_site
