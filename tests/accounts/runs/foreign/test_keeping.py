"""What was said of a policy of others is lost only where it is seen to be gone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import ForeignPolicy, ManagingAccount, Run
from accounts.models.checks import PASSED
from accounts.models.states import Status
from accounts.runs.foreign.keeping import OnPassed, keep_all_foreign, keep_foreign
from accounts.runs.scope import Comparison, Scope, Side
from onboarding.topology import Reach
from tests.accounts.runs.foreign.rows import foreign_row
from tests.onboarding.resources.test_foreign import found_in
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db

NOTHING = Comparison((), 0, ())
UNREAD = Comparison((), 0, (), "AWS denied it.")


def side(**fields: object) -> Side:
    return Side("accountdev", "accountdev", Reach("9" * 12), (), **fields)  # type: ignore[arg-type]


def test_only_what_was_read_and_not_found_is_forgotten(managing) -> None:
    account = account_row()
    gone, stays = foreign_row(account), foreign_row(None, digest="e" * 64)

    keep_all_foreign([(side(account=account.pk), NOTHING)], timezone.now())

    assert not ForeignPolicy.objects.filter(pk=gone.pk).exists()
    assert ForeignPolicy.objects.get() == stays


def test_what_could_not_be_read_stays_whatever_else_was(managing) -> None:
    """Grants of an earlier release are looked for in the managing account."""
    account = account_row()
    foreign_row(account)
    foreign_row(None, digest="e" * 64)
    former_grants = side(removes=True)

    compared = [(side(account=account.pk), UNREAD), (former_grants, NOTHING)]
    keep_all_foreign(compared, timezone.now())

    assert ForeignPolicy.objects.count() == 2


@pytest.mark.parametrize("is_whole", [False, True])
def test_what_is_on_a_passed_role_is_gone_only_where_these_were_read(
    managing, is_whole: bool
) -> None:
    """A plan reads none of them."""
    account = account_row()
    stays = foreign_row(account, role="web", kind=f"{PASSED}attachment")
    found, here = [(side(account=account.pk), NOTHING)], timezone.now()

    keep_all_foreign(found, here)
    assert ForeignPolicy.objects.get() == stays
    keep_all_foreign(found, here, {account.pk: OnPassed(is_whole=is_whole)})

    assert ForeignPolicy.objects.exists() is not is_whole


def test_what_is_on_a_passed_role_is_kept_as_that(managing) -> None:
    account, found = account_row(), found_in("922222222222")

    keep_foreign(account.pk, [], timezone.now(), OnPassed((found,)))

    kept = ForeignPolicy.objects.get()
    assert (kept.is_passed, kept.is_attached, kept.held) == (
        True,
        found.resource.kind == "attachment",
        "Attached to role" if kept.is_attached else "Inside role",
    )


def test_it_is_decided_with_its_like_but_in_the_managing_account(managing) -> None:
    account, found = account_row(), found_in("922222222222")

    keep_foreign(account.pk, [found], timezone.now())
    keep_foreign(None, [found], timezone.now())

    assert ForeignPolicy.objects.of(account).get().alike == found.alike
    assert ForeignPolicy.objects.of(None).get().alike == found.digest


def test_what_was_found_before_it_was_compared_with_others_is_compared_now() -> None:
    managing_row()
    account, found = account_row(), found_in("922222222222")
    known = foreign_row(account, digest=found.digest, alike=found.digest)

    keep_foreign(account.pk, [found], timezone.now())

    known.refresh_from_db()
    assert known.alike == found.alike


@pytest.mark.parametrize("kind", ManagingAccount.IdentityKind)
def test_only_an_existing_identity_keeps_what_was_on_it(kind: str) -> None:
    exists = kind == ManagingAccount.IdentityKind.EXISTING
    arn = "arn:aws:iam::911111111111:role/spinnaker-nodes" if exists else ""
    managing_row(identity_kind=kind, identity_arn=arn)

    (shared,) = Scope.load(run_row(Status.PLANNING, kind=Run.Kind.MANAGING)).shared

    assert shared.adopts is exists
