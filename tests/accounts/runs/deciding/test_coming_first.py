"""What a plan says that waits for the managing account's own."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Run
from accounts.runs.deciding.coming_first import what_first


@pytest.mark.parametrize(
    ("own", "says"),
    [
        (None, "First plan core and approve that plan."),
        (Run(number=2), "Its plan, Run 2, must be approved first."),
        (
            Run(number=2, approved_at=timezone.now()),
            "Its run, Run 2, must end first.",
        ),
    ],
)
def test_a_plan_names_what_comes_first(own: Run | None, says: str) -> None:
    assert what_first("core", own) == says
