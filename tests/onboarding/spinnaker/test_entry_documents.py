from __future__ import annotations

import json

import pytest

from onboarding.spinnaker.entries import entries
from onboarding.spinnaker.entry_documents import (
    are_documents,
    entries_of,
    entry_documents,
)
from onboarding.topology import Topology
from tests.bundles import core, staging, with_every_provider
from tests.factories import topology


def stored(whole: Topology) -> list[list[dict[str, object]]]:
    """Write each account's entries as the database keeps them, by name."""
    alone = (
        Topology(whole.managing, (one,))
        for one in sorted(whole.managed, key=lambda one: one.name, reverse=True)
    )
    return [json.loads(json.dumps(entry_documents(one))) for one in alone]


def test_what_was_stored_account_by_account_is_read_back_whole():
    whole = with_every_provider(bakes=True)

    assert entries_of(whole.managing, stored(whole)) == entries(whole)


def test_the_primary_account_and_the_one_that_owns_images_are_told():
    whole = topology(core(), staging(), bakes=True, ami_owner="staging")

    told = {
        one["name"]: {key for key in one if key in ("primary_account", "bakes_images")}
        for one in entry_documents(whole)
    }

    assert told["core"] == {"primary_account"}
    assert told["staging"] == {"bakes_images"}
    assert entries_of(whole.managing, stored(whole)).bake_account == "staging"


def test_a_field_that_was_not_known_then_has_its_plain_value():
    whole = topology(staging())
    documents = entry_documents(whole)
    for document in documents:
        document.pop("lambda_enabled", None)
        document["of_yesterday"] = True

    (read,) = entries_of(whole.managing, [documents]).aws

    assert not read.lambda_enabled


@pytest.mark.parametrize(
    "value",
    [
        {},
        [1],
        [{}],
        [{"provider": "aws"}],
        [{"provider": "azure", "name": "a"}],
    ],
)
def test_what_nobody_wrote_as_entries_is_noticed(value):
    written = entry_documents(topology(staging()))

    assert are_documents(written)
    assert not are_documents(value)
