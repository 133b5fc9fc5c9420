"""A script that somebody stops, and two scripts at once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bundles import core, staging
from tests.factories import topology
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import Scripts

HEARING = ("env", "--default-signal=INT,TERM,HUP")
"""The script leaves ignored what it finds ignored, and tests may run under nohup."""


def started(scripts: Scripts, **options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*HEARING, "bash", str(scripts.folder / "hal" / "apply.sh")],
        env={**scripts.hal.environment, **options},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_call(scripts: Scripts, *words: str) -> None:
    log = scripts.hal.home / "calls.jsonl"
    wanted = ", ".join(f'"{word}"' for word in words)
    wait_for(lambda: log.exists() and wanted in log.read_text())


def wait_for(is_so: Callable[[], bool]) -> None:
    for _ in range(2_400):  # two minutes, on a machine that is busy otherwise
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("It never came to this.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_account_in_hand_is_finished_and_the_rest_is_named(
    scripts: Scripts, number: signal.Signals
):
    scripts.hal.waits_at("core")
    run = started(scripts, NO_VALIDATE="1")
    wait_for_call(scripts, "add", "core")

    os.killpg(run.pid, number)
    scripts.hal.goes_on()
    _, told = run.communicate(timeout=60)

    assert run.returncode == 128 + number
    assert "Traceback" not in told
    assert scripts.hal.names("aws") == ["core"]
    script = scripts.folder / "hal" / "apply.sh"
    assert told.endswith(
        f"Then continue with: NO_VALIDATE=1 bash {script} --from staging\n"
    )


def test_what_hal_lacks_right_now_is_named_first(scripts: Scripts):
    scripts.holds(topology(core(external_id="e1"), staging())).applied()
    scripts.holds(topology(core(), staging()))
    scripts.hal.waits_at("add")
    assert scripts.hal.calls
    run = started(scripts)
    wait_for_call(scripts, "add", "core")

    os.killpg(run.pid, signal.SIGINT)
    assert run.stderr is not None
    assert any("Ctrl-C: stopping once" in line for line in run.stderr)
    os.killpg(run.pid, signal.SIGINT)
    scripts.hal.goes_on()
    _, told = run.communicate(timeout=60)

    assert run.returncode == 130
    script = scripts.folder / "hal" / "apply.sh"
    assert told.splitlines()[-4] == (
        "Right now hal doesn't have staging, core: deleted, to be added again, and "
        "not added yet."
    )
    assert told.splitlines()[-1] == (
        f"Then continue with: bash {script} --primary core"
    )


def test_the_command_that_it_names_keeps_the_primary_account(scripts: Scripts):
    scripts.holds(topology(core(external_id="e1"), staging())).applied()
    aws = scripts.hal.providers["aws"]
    aws["accounts"].reverse()
    aws["accounts"][0]["externalId"] = "old"
    aws["primaryAccount"] = "staging"
    scripts.hal.holds(aws=aws)
    scripts.holds(topology(core(), staging()))
    scripts.hal.fails_at("add")
    failed = scripts.run("apply")
    scripts.hal.fails_at()

    command = failed.stderr.strip().split("continue with: ")[1]
    done = scripts.hal.run(["bash", "-c", command])

    assert "Right now hal doesn't have core, staging" in failed.stderr
    assert done.returncode == 0, done.stderr
    assert scripts.hal.providers["aws"]["primaryAccount"] == "staging"
    assert scripts.run("check").returncode == 0


def test_a_killed_replacement_leaves_the_primary_account_to_the_next_run(
    scripts: Scripts,
):
    scripts.holds(topology(core(external_id="e1"), staging())).applied()
    aws = scripts.hal.providers["aws"]
    aws["primaryAccount"] = "staging"
    aws["accounts"][1]["externalId"] = "old"
    scripts.hal.holds(aws=aws)
    scripts.holds(topology(core(), staging()))
    assert scripts.hal.calls
    scripts.hal.waits_at("staging")
    run = started(scripts)
    wait_for_call(scripts, "delete", "staging")

    os.killpg(run.pid, signal.SIGKILL)
    run.communicate(timeout=60)
    scripts.hal.goes_on()
    wait_for(lambda: scripts.hal.names("aws") == [])
    scripts.applied()

    assert scripts.hal.names("aws") == ["staging", "core"]
    assert scripts.hal.providers["aws"]["primaryAccount"] == "staging"
    assert scripts.run("check").returncode == 0


def test_a_second_script_says_who_holds_the_config_whatever_its_home(
    scripts: Scripts, tmp_path: Path
):
    scripts.hal.waits_at("core")
    first = started(scripts)
    wait_for_call(scripts, "add", "core")

    second = scripts.run("apply", HOME=str(tmp_path))
    scripts.hal.goes_on()

    assert second.returncode == 1
    assert f"changing the Halyard config: process {first.pid} of user" in second.stderr
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert scripts.hal.names("aws") == ["core", "staging"]


def test_checking_needs_no_lock(scripts: Scripts):
    scripts.hal.waits_at("core")
    first = started(scripts)
    wait_for_call(scripts, "add", "core")

    checked = scripts.run("check")
    scripts.hal.goes_on()

    assert checked.returncode == 1
    first.communicate(timeout=60)
