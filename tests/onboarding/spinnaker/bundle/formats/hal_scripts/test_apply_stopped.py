"""apply.sh: what stands in the way is found first, and a failure is gone on from."""

from __future__ import annotations

import shutil

from tests.bundles import core, staging
from tests.factories import topology
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import (
    QUESTIONS,
    Scripts,
)


def refused(scripts: Scripts) -> str:
    done = scripts.run("apply")
    assert done.returncode == 1
    assert scripts.hal.calls == QUESTIONS
    return done.stderr


def test_an_account_of_the_same_name_and_another_id_is_not_overwritten(
    scripts: Scripts,
):
    theirs = {"name": "staging", "accountId": "944444444444", "assumeRole": "role/x"}
    scripts.hal.holds(aws={"enabled": True, "accounts": [theirs]})

    assert "hal's staging is AWS account 944444444444, not 922222222222" in refused(
        scripts
    )


def test_every_hindrance_is_told_at_once(scripts: Scripts):
    shutil.rmtree(scripts.folder / "kubernetes")
    theirs = {"name": "old", "awsAccount": "staging"}
    scripts.hal.holds(ecs={"enabled": True, "accounts": [theirs]})

    assert len(refused(scripts).splitlines()) == 2


def test_a_daemon_that_is_down_is_not_taken_for_missing_accounts(scripts: Scripts):
    scripts.hal.fails_at("config")

    done = scripts.run("apply")

    assert done.returncode == 1
    assert "hal didn't list its accounts" in done.stderr
    assert "Unable to reach the daemon" in done.stderr
    assert "\x1b" not in done.stderr
    assert scripts.hal.names("aws") == []


def test_it_stops_at_the_first_failure_and_tells_how_to_go_on(scripts: Scripts):
    scripts.hal.fails_at("staging")

    done = scripts.run("apply")

    assert done.returncode == 1
    last = done.stderr.splitlines()[-3:]
    assert last[0].startswith("staging: hal didn't do it.")
    assert last[1].startswith("Stopped after 5 of 8. The backup is /")
    script = scripts.folder / "hal" / "apply.sh"
    assert last[2].endswith(f"continue with: bash {script} --from staging")
    assert scripts.hal.names("aws") == ["core"]


def test_the_command_that_it_names_goes_on_from_there(scripts: Scripts):
    scripts.hal.fails_at("staging")
    failed = scripts.run("apply")
    scripts.hal.fails_at()

    command = failed.stderr.strip().split("continue with: ")[1]
    done = scripts.hal.run(["bash", "-c", command])

    assert done.returncode == 0
    assert scripts.hal.names("aws") == ["core", "staging"]
    assert scripts.hal.names("kubernetes") == ["staging-apps"]


def test_a_broken_off_replacement_of_the_first_account_goes_on(scripts: Scripts):
    scripts.holds(topology(core(external_id="e1"), staging())).applied()
    scripts.holds(topology(core(), staging()))
    scripts.hal.fails_at("core")
    failed = scripts.run("apply")
    scripts.hal.fails_at()

    command = failed.stderr.strip().split("continue with: ")[1]
    scripts.hal.run(["bash", "-c", command])

    assert scripts.hal.names("aws") == ["core", "staging"]
    assert scripts.run("check").returncode == 0
