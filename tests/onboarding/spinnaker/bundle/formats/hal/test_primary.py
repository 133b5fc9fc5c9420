"""hal's primary account stays what it was, whatever order the bundle has."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from onboarding.spinnaker.bundle.formats.hal import __main__ as program
from onboarding.spinnaker.bundle.formats.hal.calling import Refused
from onboarding.spinnaker.bundle.formats.hal.plan import (
    changes,
)
from onboarding.spinnaker.bundle.formats.hal.primary import FILE
from onboarding.topology import Topology
from tests.bundles import core, eks, staging, unpacked
from tests.factories import managed, provider, topology
from tests.hal import Hal
from tests.onboarding.spinnaker.bundle.formats.hal.known_bundle import Plan
from tests.onboarding.spinnaker.bundle.formats.hal.programs import run

OLD = managed(provider("ec2"), name="team-04", account_id="944444444444")
THEIRS = {"name": "theirs", "accountId": "955555555555", "assumeRole": "role/x"}


def earlier_primary(hal: Hal, bundled: Topology, *others: dict[str, str]) -> None:
    """Let hal have an earlier bundle's account as its primary one, and a bundle that
    no longer has it.
    """
    bundle = hal.home.parent / "bundle"
    unpacked(topology(OLD), bundle)
    assert run("apply") == 0
    aws = hal.providers["aws"]
    hal.holds(aws={**aws, "accounts": [*others, *aws["accounts"]]})
    assert hal.providers["aws"]["primaryAccount"] == "team-04"
    unpacked(bundled, bundle, topology(OLD))


def test_a_sole_primary_account_is_simply_replaced(tmp_path: Path):
    plan = Plan(topology(core()), tmp_path)
    plan.account("aws", "core")["externalId"] = "old"

    assert plan.done() == ["core: deleted and added again (external-id)"]


def test_all_are_replaced_where_the_primary_one_is(plan: Plan):
    plan.account("aws", "core")["externalId"] = "old"

    assert plan.done() == [
        "staging: deleted, to be added again behind core",
        "core: deleted, to be added again behind core",
        "core: added",
        "staging: added",
    ]


def test_another_account_is_replaced_without_moving_the_primary_one(plan: Plan):
    plan.account("aws", "staging")["externalId"] = "old"

    assert plan.done() == ["staging: deleted and added again (external-id)"]


def test_a_primary_account_of_others_does_not_matter(plan: Plan):
    plan.known["aws"]["accounts"].insert(0, {"name": "theirs", "accountId": "9"})
    plan.known["aws"]["primaryAccount"] = "theirs"
    plan.account("aws", "core")["externalId"] = "old"

    assert plan.done() == ["core: deleted and added again (external-id)"]


@pytest.mark.parametrize("chosen", [("core",), ()])
def test_the_primary_account_keeps_its_place_or_stays_as_it_is(
    plan: Plan, chosen: tuple[str, ...]
):
    plan.account("aws", "core")["externalId"] = "old"
    plan.account("aws", "staging")["edda"] = "theirs"

    with pytest.raises(Refused, match="would make another account its primary one"):
        plan.steps(*chosen)


def test_a_sole_account_is_replaced_before_others_are_added(plan: Plan):
    """hal makes the first account that comes into an empty list its primary one."""
    plan.known["aws"]["accounts"] = [plan.account("aws", "staging")]
    plan.known["aws"]["primaryAccount"] = "staging"
    plan.account("aws", "staging")["externalId"] = "old"

    assert plan.done() == [
        "staging: deleted and added again (external-id)",
        "core: added",
    ]


def test_a_primary_account_that_a_person_chose_stays_primary(plan: Plan):
    plan.known["aws"]["primaryAccount"] = "staging"
    plan.account("aws", "staging")["externalId"] = "old"

    assert plan.done()[-2:] == ["staging: added", "core: added"]


def test_what_broke_off_between_goes_on_with_the_primary_account_first(plan: Plan):
    plan.known["aws"] |= {"accounts": [], "primaryAccount": None}

    steps = changes(plan.situation(primary="staging"))

    assert [step.name for step in steps] == ["staging", "core"]


def test_pruning_the_primary_account_says_what_takes_its_place(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    earlier_primary(hal, topology(core(), staging()))

    assert run("apply", "--prune") == 0

    assert hal.providers["aws"]["primaryAccount"] == "core"
    assert (
        "team-04 is hal's primary account, which bakes images and which Deck offers "
        "first. core, the first that is left, takes its place. To choose another one, "
        "first write it into the Halyard config: primaryAccount: NAME\n"
    ) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("bundled", "others", "said"),
    [
        (topology(core()), (THEIRS,), "theirs, the first that is left, takes its"),
        (topology(managed(eks())), (), "Without it, hal has no AWS account left."),
    ],
)
def test_it_is_not_pruned_unasked_where_no_account_of_the_bundle_follows(
    hal: Hal,
    capsys: pytest.CaptureFixture[str],
    bundled: Topology,
    others: tuple[dict[str, str], ...],
    said: str,
):
    earlier_primary(hal, bundled, *others)

    with pytest.raises(Refused, match="add --yes"):
        run("apply", "--prune")

    assert said in capsys.readouterr().err
    assert "team-04" in hal.names("aws")
    assert run("apply", "--prune", "--dry-run") == 0
    assert "team-04" in hal.names("aws")
    assert run("apply", "--prune", "--yes") == 0
    assert "team-04" not in hal.names("aws")


def test_the_command_that_goes_on_repeats_the_yes(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    earlier_primary(hal, topology(core()), THEIRS)
    hal.fails_at("delete")

    assert run("apply", "--prune", "--yes") == 1

    assert capsys.readouterr().err.strip().endswith("apply.sh --prune --yes")


def test_removing_the_primary_account_says_what_takes_its_place_and_then_asks(
    hal: Hal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    run("apply")
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))

    assert run("remove", "core") == 1

    said = capsys.readouterr().err
    assert said.index("staging, the first that is left") < said.index("Type “remove”")
    assert run("remove", "--yes", "core") == 0
    assert hal.providers["aws"]["primaryAccount"] == "staging"


def test_another_account_is_removed_without_a_word_of_the_primary_one(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    run("apply")

    assert run("remove", "--yes", "staging-ecs", "staging-apps", "staging") == 0

    assert "takes its place" not in capsys.readouterr().err


def test_its_name_is_on_disk_only_while_it_is_replaced(
    hal: Hal, monkeypatch: pytest.MonkeyPatch
):
    unpacked(topology(core(external_id="e-1")), hal.home.parent / "bundle")
    run("apply")
    unpacked(topology(core()), hal.home.parent / "bundle")
    on_disk = hal.home / ".hal" / FILE
    seen: list[str] = []
    call = program.hal

    def seeing(words: tuple[str, ...]) -> str:
        seen.append(on_disk.read_text() if on_disk.exists() else "")
        return call(words)

    monkeypatch.setattr(program, "hal", seeing)

    assert run("apply") == 0

    assert seen == ["", "core", "core"]  # the backup, the deletion, the addition
    assert not on_disk.exists()


def test_without_a_place_for_its_name_the_command_that_keeps_it_is_said(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    unpacked(topology(core(external_id="e-1")), hal.home.parent / "bundle")
    run("apply")
    unpacked(topology(core()), hal.home.parent / "bundle")
    (hal.home / ".hal" / FILE).mkdir()

    assert run("apply") == 0

    assert "is killed, continue with: apply.sh --primary core" in (
        capsys.readouterr().err
    )


def test_a_name_that_a_killed_run_left_counts_while_hal_has_not_got_it(hal: Hal):
    (hal.home / ".hal").mkdir()
    on_disk = hal.home / ".hal" / FILE
    on_disk.write_text("staging")

    assert run("apply", "--dry-run") == 0
    assert run("apply") == 0

    assert hal.names("aws") == ["staging", "core"]
    assert hal.providers["aws"]["primaryAccount"] == "staging"
    assert not on_disk.exists()


def test_a_name_that_no_bundle_has_any_more_does_not_count(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    (hal.home / ".hal").mkdir()
    (hal.home / ".hal" / FILE).write_text("gone")

    assert run("apply") == 0

    assert hal.providers["aws"]["primaryAccount"] == "core"
    assert "gone" not in capsys.readouterr().err


def test_a_name_does_not_count_once_hal_has_the_account_again(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    run("apply")
    (hal.home / ".hal" / FILE).write_text("staging")
    capsys.readouterr()

    assert run("apply") == 0

    assert capsys.readouterr().err == (
        "No changes: hal already has these accounts in deployment default.\n"
    )
    assert not (hal.home / ".hal" / FILE).exists()
