"""Evidence that Bowline didn't write is not read."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Run

MAY = "2026-05-01T00:00:00+00:00"
READS = Run.READS["evidence"]
GOOD = {"role": "r", "unread": "", "missing": [{"action": "a:B", "at": MAY}], "more": 0}


@pytest.mark.parametrize(
    ("value", "reads"),
    [
        ([], True),
        ([GOOD], True),
        ({}, False),
        ([{}], False),
        ([{**GOOD, "role": 1}], False),
        ([{**GOOD, "more": "1"}], False),
        ([{**GOOD, "missing": [{"action": "a:B"}]}], False),
        ([{**GOOD, "missing": [{"action": "a:B", "at": "yesterday"}]}], False),
        ([{**GOOD, "missing": [{"action": 1, "at": MAY}]}], False),
    ],
)
def test_other_evidence_is_not_read(value: Any, reads: bool) -> None:
    assert READS(value) is reads
