"""remove.sh: hal forgets this bundle's accounts and no others."""

from __future__ import annotations

import pytest

from tests.bundles import core, staging
from tests.factories import topology
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import Scripts


def test_remove_makes_hal_forget_this_bundles_accounts_only(scripts: Scripts):
    theirs = {"name": "theirs", "accountId": "944444444444", "assumeRole": "role/x"}
    scripts.hal.holds(aws={"enabled": True, "accounts": [theirs]})
    scripts.applied()

    done = scripts.run("remove", "--yes")

    assert done.returncode == 0
    assert scripts.hal.names("aws") == ["theirs"]
    assert scripts.hal.names("ecs") == scripts.hal.names("kubernetes") == []


@pytest.mark.parametrize(("answer", "left"), [("remove\n", []), ("y\n", ["core"])])
def test_remove_asks_first(scripts: Scripts, answer: str, left: list[str]):
    scripts.holds(topology(core())).applied()

    done = scripts.run("remove", answer=answer)

    assert "Type “remove” to continue" in done.stderr
    assert scripts.hal.names("aws") == left


def test_remove_without_an_answer_removes_nothing(scripts: Scripts):
    scripts.applied()

    done = scripts.run("remove")

    assert done.returncode == 1
    assert scripts.hal.names("aws") == ["core", "staging"]


def test_remove_of_a_named_account_leaves_the_others(scripts: Scripts):
    scripts.applied()

    scripts.run("remove", "--yes", "staging-apps")

    assert scripts.hal.names("kubernetes") == []
    assert scripts.hal.names("aws") == ["core", "staging"]


def test_the_config_is_what_it_was_after_apply_and_remove(scripts: Scripts):
    theirs = {"name": "theirs", "accountId": "944444444444", "assumeRole": "role/x"}
    aws = {"enabled": True, "accounts": [theirs], "primaryAccount": "theirs"}
    features = {"cloudFormation": {"enabled": False}, "lambda": {"enabled": True}}
    both = {"features": features, "lambda": {"enabled": True}}
    on = {"enabled": True, "accounts": []}
    scripts.hal.holds(aws={**aws, **both}, ecs=on, kubernetes=on)
    before = scripts.hal.providers

    scripts.applied()
    scripts.run("remove", "--yes")

    assert scripts.hal.providers == before


@pytest.mark.smoke
def test_what_people_added_is_named_before_it_goes(scripts: Scripts):
    earlier, now = topology(core(), staging()), topology(core())
    scripts.holds(earlier).applied()
    aws = scripts.hal.providers["aws"]
    for account in aws["accounts"]:
        account |= {"edda": "http://edda", "permissions": {"EXECUTE": ["ops"]}}
    scripts.hal.holds(aws=aws)

    kept = scripts.run("remove", answer="no\n")
    pruned = scripts.holds(now, earlier).run("apply", "--prune", "--only", "core")
    removed = scripts.run("remove", "--yes")

    named = "hal forgets its edda, permissions.EXECUTE, which this bundle doesn't have."
    assert f"core: {named}" in kept.stderr
    assert f"staging: {named}" in pruned.stderr
    assert f"core: {named}" in removed.stderr
    assert scripts.hal.names("aws") == []


def test_nothing_to_remove_is_said_so(scripts: Scripts):
    done = scripts.run("remove", "--yes")

    assert done.returncode == 0
    assert done.stderr == (
        "No changes: hal has none of these accounts in deployment default.\n"
    )
