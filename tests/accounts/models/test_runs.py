from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from accounts.models import Run


@pytest.mark.parametrize(
    ("origin", "person", "said"),
    [
        ("page", "alice", "alice"),
        ("page", "", "somebody who is no longer here"),
        ("command", "alice", "alice on the command line"),
        ("command", "", "somebody on the command line"),
        ("schedule", "", "the schedule"),
        ("", "alice", "alice"),
        ("", "", ""),
    ],
)
def test_a_run_tells_who_or_what_started_it(
    origin: str, person: str, said: str
) -> None:
    by = User(username=person) if person else None

    assert Run(started_from=origin, created_by=by).started_by == said
