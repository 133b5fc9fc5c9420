"""What was said of a policy of others is lost only where it is seen to be gone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import ForeignPolicy
from accounts.runs.foreign.keeping import keep_all_foreign
from accounts.runs.scope import Comparison, Side
from onboarding.topology import Reach
from tests.accounts.runs.foreign.rows import foreign_row
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db

NOTHING = Comparison((), 0, ())
UNREAD = Comparison((), 0, (), "AWS denied it.")


def side(**fields: object) -> Side:
    return Side("accountdev", "accountdev", Reach("9" * 12), (), **fields)  # type: ignore[arg-type]


def test_only_what_was_read_and_not_found_is_forgotten() -> None:
    managing_row()
    account = account_row()
    gone, stays = foreign_row(account), foreign_row(None, digest="e" * 64)

    keep_all_foreign([(side(account=account.pk), NOTHING)], timezone.now())

    assert not ForeignPolicy.objects.filter(pk=gone.pk).exists()
    assert ForeignPolicy.objects.get() == stays


def test_what_could_not_be_read_stays_whatever_else_was() -> None:
    """Grants of an earlier release are looked for in the managing account."""
    managing_row()
    account = account_row()
    foreign_row(account)
    foreign_row(None, digest="e" * 64)
    former_grants = side(removes=True)

    compared = [(side(account=account.pk), UNREAD), (former_grants, NOTHING)]
    keep_all_foreign(compared, timezone.now())

    assert ForeignPolicy.objects.count() == 2
