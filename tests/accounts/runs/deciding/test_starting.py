from __future__ import annotations

import pytest

from accounts.mapping.completeness import Incomplete, missing
from accounts.models import Run
from accounts.models.states import Status
from accounts.runs.actions import Forgotten, NothingExists
from accounts.runs.deciding.starting import start_again, start_plan
from tests.rows import account_row, person, run_row

pytestmark = pytest.mark.usefixtures("managing")


def test_an_account_is_not_planned_before_each_part_is_described() -> None:
    draft = account_row(providers={}, regions=[])

    with pytest.raises(Incomplete, match="incomplete: providers, access, details"):
        start_plan(draft, person("operator"))

    assert [part.slug for part in missing(draft)] == ["providers", "access", "details"]
    assert not Run.objects.exists()


def test_a_verification_is_refused_again_as_it_was_at_first() -> None:
    failed = run_row(Status.FAILED, kind=Run.Kind.VERIFY)

    with pytest.raises(NothingExists):
        start_again(failed, person("operator"))


def test_no_run_of_an_account_that_was_deleted_is_started_again() -> None:
    failed = run_row(Status.FAILED)
    assert failed.account is not None
    failed.account.delete()
    failed.refresh_from_db()

    with pytest.raises(Forgotten, match="staging was deleted from Bowline"):
        start_again(failed, person("operator"))
