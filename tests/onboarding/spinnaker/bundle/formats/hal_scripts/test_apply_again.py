"""apply.sh run again, and with an edited bundle."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.topology import Permissions
from tests.bundles import core, eks, staging
from tests.factories import managed, provider, topology
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import (
    QUESTIONS,
    Scripts,
)


def test_the_second_run_changes_nothing_and_only_asks(scripts: Scripts):
    scripts.applied()
    before = (scripts.hal.home / "config").read_bytes()
    assert scripts.hal.calls

    done = scripts.applied()

    assert scripts.hal.calls == QUESTIONS
    assert (scripts.hal.home / "config").read_bytes() == before
    assert done.stderr == (
        "No changes: hal already has these accounts in deployment default.\n"
    )


def test_a_new_account_costs_one_call(scripts: Scripts):
    scripts.applied()
    third = managed(provider("ec2"), name="third", account_id="933333333333")
    scripts.holds(topology(core(), staging(), third))
    assert scripts.hal.calls

    scripts.applied()

    # The backup, and the add; hal is asked again at the end.
    assert len(scripts.hal.calls) == 2 * len(QUESTIONS) + 2
    assert scripts.hal.names("aws") == ["core", "staging", "third"]


def test_an_edited_account_is_edited_in_its_place(scripts: Scripts):
    scripts.applied()
    scripts.holds(topology(core(), staging(regions=("us-west-2",), environment="x")))

    done = scripts.applied()

    assert scripts.hal.names("aws") == ["core", "staging"]
    held = scripts.hal.account("aws", "staging")
    assert held["regions"] == [{"name": "us-west-2"}]
    assert "staging: changed (environment, regions)" in done.stderr


def test_lambda_is_switched_off_by_an_edit(scripts: Scripts):
    scripts.applied()
    scripts.holds(topology(core(), managed(provider("ec2"))))

    done = scripts.applied()

    assert scripts.hal.account("aws", "staging")["lambdaEnabled"] is False
    assert "staging: changed (lambda-enabled)" in done.stderr


@pytest.mark.parametrize(
    ("before", "flag"),
    [
        ({"external_id": "e1"}, "external-id"),
        ({"environment": "x"}, "environment"),
        ({"permissions": Permissions(("a",), ())}, "read-permissions"),
    ],
)
def test_what_edit_cannot_clear_is_deleted_and_added_again(
    scripts: Scripts, before: dict[str, Any], flag: str
):
    scripts.holds(topology(core(), managed(provider("ec2"), **before))).applied()
    scripts.holds(topology(core(), managed(provider("ec2"))))

    done = scripts.applied()

    assert f"staging: deleted and added again ({flag})" in done.stderr
    assert "externalId" not in scripts.hal.account("aws", "staging")
    assert scripts.applied().stderr.startswith("No changes: hal already has")


def test_a_key_pair_is_cleared_by_deleting_and_adding(scripts: Scripts):
    with_key = managed(provider("ec2", key_pair="ops"))
    scripts.holds(topology(core(), with_key)).applied()
    scripts.holds(topology(core(), managed(provider("ec2")))).applied()

    assert "defaultKeyPair" not in scripts.hal.account("aws", "staging")


def test_replacing_the_primary_account_keeps_it_first(scripts: Scripts):
    scripts.holds(topology(core(external_id="e1"), staging())).applied()
    scripts.holds(topology(core(), staging()))

    scripts.applied()

    assert scripts.hal.names("aws") == ["core", "staging"]
    assert scripts.hal.providers["aws"]["primaryAccount"] == "core"
    assert "externalId" not in scripts.hal.account("aws", "core")
    assert scripts.applied().stderr.startswith("No changes: hal already has")


def test_all_namespaces_take_the_place_of_listed_ones(scripts: Scripts):
    scripts.holds(topology(managed(eks({"namespaces": ["web"]})))).applied()
    scripts.holds(topology(managed(eks())))

    scripts.applied()

    assert scripts.hal.account("kubernetes", "staging-apps")["namespaces"] == []


def test_namespaces_never_stand_beside_omitted_ones(scripts: Scripts):
    scripts.holds(topology(managed(eks({"namespaces": ["web"]})))).applied()
    kubernetes = scripts.hal.providers["kubernetes"]
    kubernetes["accounts"][0] |= {"namespaces": [], "omitNamespaces": ["jobs"]}
    scripts.hal.holds(kubernetes=kubernetes)

    scripts.applied()

    held = scripts.hal.account("kubernetes", "staging-apps")
    assert (held["namespaces"], held["omitNamespaces"]) == (["web"], [])


def test_accounts_of_others_are_left_as_they_are(scripts: Scripts):
    theirs = {"name": "theirs", "accountId": "944444444444", "assumeRole": "role/x"}
    scripts.hal.holds(aws={"enabled": True, "accounts": [theirs]})

    done = scripts.applied()

    assert scripts.hal.names("aws") == ["theirs", "core", "staging"]
    assert scripts.hal.account("aws", "theirs") == theirs
    assert "primary account, which Deck offers first, stays theirs" in done.stderr
