"""What earlier bundles had and this one has not: said, removed when asked, checked."""

from __future__ import annotations

import hashlib

from tests.bundles import core, staging
from tests.factories import managed, provider, topology
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import Scripts

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


def test_remove_takes_their_names(scripts: Scripts):
    done = without_two(scripts).run("remove", "--yes", "team-04")

    assert done.returncode == 0, done.stderr
    assert scripts.hal.names("aws") == ["core", "staging"]


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


def test_an_old_name_of_an_account_of_the_bundle_is_left_to_renamed(scripts: Scripts):
    scripts.holds(topology(core(), staging())).applied()
    scripts.holds(topology(core(), staging(name="prod")), topology(core(), staging()))

    done = scripts.applied("--only", "core", "--prune")

    assert "still has" not in done.stderr
    assert "staging" in scripts.hal.names("aws")
    assert "staging-ecs" in scripts.hal.names("ecs")


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
