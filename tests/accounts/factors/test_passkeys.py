"""A passkey counts its uses: one that counts no further is a copy."""

from __future__ import annotations

import pytest

from accounts.factors.passkeys import counted
from accounts.models import Passkey
from tests.rows import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("before", "now", "fits"),
    [(4, 5, True), (4, 4, False), (4, 3, False), (4, 0, False), (0, 0, True)],
)
def test_it_counts_further_or_not_at_all(before: int, now: int, fits: bool) -> None:
    passkey = Passkey.objects.create(
        person=person("viewer"), name="Key", credential_id=b"1", sign_count=before
    )

    assert counted(passkey, now) is fits
    assert Passkey.objects.get().sign_count == (now if fits else before)
