"""What a test of the connection keeps of what Gate says."""

from __future__ import annotations

import pytest

from accounts.spinnaker.testing import last_test, try_connection
from tests.accounts.spinnaker.connecting import REACH, spinnaker_row
from tests.onboarding.delivery.accounts import foreign
from tests.onboarding.delivery.strict_gate import Served, StrictGate, served

pytestmark = pytest.mark.django_db


def test_names_that_no_database_takes_are_kept_by_the_numbers_of_their_characters(
    settings,
):
    settings.SPINNAKER = REACH
    name = "a\0\ud800"
    strict = StrictGate(files={name: foreign(name)}, default_role=False)
    with served(Served(strict)) as gate:
        row = spinnaker_row(gate.url)

        try_connection(row.version)

    row.refresh_from_db()
    said = [one.sentence for one in last_test(row)]
    assert any("a‹U+0000›‹U+D800›" in sentence for sentence in said)


def test_accounts_that_are_loaded_again_at_each_poll_are_named(settings):
    settings.SPINNAKER = REACH
    strict = StrictGate()
    strict.stored["theirs"] = foreign("theirs", enabled=True)
    strict.restart()
    with served(Served(strict)) as gate:
        row = spinnaker_row(gate.url)

        try_connection(row.version)

    row.refresh_from_db()
    (said,) = [one.sentence for one in last_test(row) if one.name == "Polling"]
    assert "theirs. They're stored without accountType, assumeRole" in said
    assert "enabled" not in said
