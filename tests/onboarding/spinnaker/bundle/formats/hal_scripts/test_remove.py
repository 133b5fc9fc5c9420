"""remove.sh and check.sh: this bundle's accounts, no others, what is left behind."""

from __future__ import annotations

import hashlib

import pytest

from tests.bundles import core, staging
from tests.factories import managed, provider, topology
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import Scripts


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

    named = (
        "hal forgets its edda, permissions.EXECUTE, which hal/apply.sh doesn't add "
        "again."
    )
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


OLD = managed(provider("ec2"), name="team-04", account_id="944444444444")

EARLIER = topology(core(), staging(), OLD)


def without_two(scripts: Scripts) -> Scripts:
    """Apply a bundle of three accounts, and unpack a later one of the first alone."""
    scripts.holds(EARLIER).applied()
    return scripts.holds(topology(core()), EARLIER)


def test_apply_names_what_hal_still_has_and_how_to_remove_it(scripts: Scripts):
    done = without_two(scripts).applied()

    assert "hal still has staging, team-04, staging-ecs, staging-apps, which" in (
        done.stderr
    )
    assert "hal/apply.sh --prune" in done.stderr
    assert "hal/remove.sh staging team-04 staging-ecs staging-apps" in done.stderr
    assert scripts.hal.names("aws") == ["core", "staging", "team-04"]


def test_apply_removes_them_when_asked_and_nothing_else(scripts: Scripts):
    without_two(scripts)
    aws = scripts.hal.providers["aws"]
    aws["accounts"].append({"name": "theirs", "accountId": "955555555555"})
    scripts.hal.holds(aws=aws)

    dry = scripts.run("apply", "--prune", "--dry-run")
    done = scripts.applied("--prune")

    assert dry.stdout.count(" account delete ") == 4
    assert "team-04: removed" in done.stderr
    assert "still has" not in done.stderr
    assert scripts.hal.names("aws") == ["core", "theirs"]
    assert scripts.hal.names("ecs") == scripts.hal.names("kubernetes") == []


def test_remove_without_names_is_for_this_bundles_accounts(scripts: Scripts):
    without_two(scripts).run("remove", "--yes")

    assert scripts.hal.names("aws") == ["staging", "team-04"]


def test_check_says_whether_they_are_gone(scripts: Scripts):
    left = without_two(scripts).run("check")
    scripts.applied("--prune")
    gone = scripts.run("check")

    assert left.returncode == 1
    assert "left       aws team-04: hal/apply.sh --prune removes it" in left.stdout
    assert "unknown" not in left.stdout
    assert gone.returncode == 0
    assert "gone       aws team-04" in gone.stdout
    removed = (scripts.folder / "hal" / "removed.yml").read_bytes()
    answer = f"all gone   {hashlib.sha256(removed).hexdigest()[:12]}"
    assert answer in gone.stdout
    assert "all gone" not in left.stdout


def test_a_stranger_that_took_the_name_is_left_alone(scripts: Scripts):
    scripts.holds(topology(core())).applied()
    aws = scripts.hal.providers["aws"]
    aws["accounts"].append({"name": "team-04", "accountId": "955555555555"})
    scripts.hal.holds(aws=aws)
    scripts.holds(topology(core()), EARLIER)

    done = scripts.applied("--prune")

    assert "still has" not in done.stderr
    assert scripts.hal.names("aws") == ["core", "team-04"]
    assert "unknown    aws team-04" in scripts.run("check").stdout


@pytest.mark.smoke
def test_an_old_name_of_an_account_of_the_bundle_is_left_to_renamed(scripts: Scripts):
    scripts.holds(topology(core(), staging())).applied()
    scripts.holds(topology(core(), staging(name="prod")), topology(core(), staging()))

    done = scripts.applied("--only", "core", "--prune")

    assert "still has" not in done.stderr
    assert "staging" in scripts.hal.names("aws")
    assert "staging-ecs" in scripts.hal.names("ecs")
    told = scripts.run("check").stdout
    assert "renamed    aws prod: hal still has its earlier name staging" in told
    assert "unknown    aws" not in told


def test_a_run_that_stopped_continues_with_the_removals(scripts: Scripts):
    without_two(scripts)
    scripts.hal.fails_at("team-04")

    done = scripts.run("apply", "--prune")

    assert done.returncode == 1
    again = done.stderr.splitlines()[-1]
    assert again.endswith("apply.sh --prune"), again


def test_what_the_bundle_before_the_last_had_is_carried_on(scripts: Scripts):
    scripts.holds(EARLIER).applied()
    scripts.holds(topology(core()), EARLIER, topology(core(), staging()))

    assert "team-04" in scripts.applied().stderr


def test_check_tells_same_missing_different_and_unknown(scripts: Scripts):
    scripts.applied("--only", "core", "staging")
    aws = scripts.hal.providers["aws"]
    aws["accounts"][1]["environment"] = "other"
    aws["accounts"].append({"name": "theirs", "accountId": "9", "assumeRole": "x"})
    scripts.hal.holds(aws=aws)

    done = scripts.run("check")

    assert done.returncode == 1
    assert [line.split(maxsplit=1)[0] for line in done.stdout.splitlines()] == [
        "same",
        "different",
        "unknown",
        "missing",
        "missing",
    ]
    assert "different (environment)  aws staging" in done.stdout
