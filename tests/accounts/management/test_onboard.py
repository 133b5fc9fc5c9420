"""`manage.py onboard`: the whole job without a browser, broker or worker."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError

from accounts.models import ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.runs import stages
from accounts.runs.actions import plan
from accounts.runs.scope import Scope
from onboarding.aws.session import Sessions
from script.emulated_organization import (
    HANDMADE,
    MEMBERS,
    UNTRUSTING,
)
from tests.accounts.management.onboarding import Ending, approved, entry, onboard
from tests.rows import decider

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("here"),
]

DEV, STAGING = MEMBERS[:2]
MORE = "{ecs: {}, lambda: {}}"


def test_without_approval_it_plans_and_says_what_would_change(file: Path) -> None:
    ending = onboard(file)
    whole = onboard(file, "-v", 2)

    assert ending.code == whole.code == 2
    assert f"{DEV.name}: " in ending.out
    assert "+ role spinnakerManaged in accountdev (200000000002)" in ending.out
    assert '"sts:ExternalId"' not in ending.out
    assert '"sts:ExternalId"' in whole.out
    assert not ManagedAccount.objects.existing()


def test_with_approval_it_does_all_and_writes_the_bundle(
    file: Path, tmp_path: Path
) -> None:
    ending = approved(file, "--bundle", tmp_path / "out.zip")

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert ending.code == 0, ending.err
    assert {a["name"] for a in manifest["accounts"]} == {DEV.name, STAGING.name}
    assert {a.state for a in ManagedAccount.objects.all()} == {State.VERIFIED}


def test_the_second_time_there_is_nothing_to_do(file: Path, tmp_path: Path) -> None:
    approved(file, "--bundle", tmp_path / "one.zip")

    ending = onboard(file, "--bundle", tmp_path / "two.zip")

    one, two = (tmp_path / "one.zip").read_bytes(), (tmp_path / "two.zip").read_bytes()
    assert ending.code == 0
    assert one == two
    assert "Compared with bundle 1: no account added, changed or removed." in ending.out


def test_the_bundle_says_which_account_it_keeps_although_it_failed(
    file: Path, tmp_path: Path
) -> None:
    approved(file, "--bundle", tmp_path / "one.zip")
    ManagedAccount.objects.filter(name=DEV.name).fail()
    file.write_text(file.read_text().replace(entry(DEV), ""))

    ending = onboard(file, "--bundle", tmp_path / "two.zip")

    assert "1 kept despite a failed verification" in ending.out
    assert (
        f"{DEV.name}: failed. The bundle holds it as it was last verified"
    ) in ending.err


def test_a_broken_account_is_added_to_a_bundle_only_where_it_is_named(
    file: Path, tmp_path: Path
) -> None:
    approved(file)
    ManagedAccount.objects.filter(name=DEV.name).fail()
    file.write_text(file.read_text().replace(entry(DEV), ""))
    out = tmp_path / "one.zip"

    refused = onboard(file, "--bundle", out)
    named = onboard(file, "--bundle", out, "--add-broken", DEV.name)
    every = onboard(file, "--bundle", out, "--add-broken")

    assert (refused.code, named.code, every.code) == (1, 0, 0)
    assert f"the last bundle doesn't include them: {DEV.name}." in refused.err
    assert "name them in --add-broken" in refused.err
    assert (
        f"{DEV.name}: failed. The bundle adds it as it was last verified" in named.err
    )


TWO_REGIONS = "regions: [us-east-1, us-west-2]"


def test_the_bundle_names_what_it_changes_and_removes(
    file: Path, tmp_path: Path
) -> None:
    approved(file, "--bundle", tmp_path / "one.zip")
    described = file.read_text().replace("regions: [us-east-1]", TWO_REGIONS)
    assert described != file.read_text()
    file.write_text(described)
    approved(file)
    ManagedAccount.objects.filter(name=STAGING.name).exclude_from_bundles(None)

    ending = approved(file, "--bundle", tmp_path / "two.zip")

    assert (
        f"  {DEV.name} (aws): regions us-east-1 → us-east-1, us-west-2\n" in ending.out
    )
    assert f"  {STAGING.name} (aws): removed\n" in ending.out


def test_the_good_accounts_are_in_the_bundle_and_the_others_are_named(
    file: Path, tmp_path: Path
) -> None:
    with file.open("a") as more:
        more.write(entry(UNTRUSTING) + entry(HANDMADE))

    ending = approved(file, "--bundle", tmp_path / "out.zip")

    assert ending.code == 1
    assert f"{UNTRUSTING.name}: failed: " in ending.err
    assert f"{HANDMADE.name}: failed: " in ending.err
    assert "2 accounts" in ending.out
    assert (tmp_path / "out.zip").exists()


def test_a_bundle_of_nothing_is_refused(file: Path, tmp_path: Path) -> None:
    ending = onboard(file, "--bundle", tmp_path / "out.zip")

    assert ending.code == 1
    assert "A bundle needs a verified account" in ending.err
    assert not (tmp_path / "out.zip").exists()


def test_check_only_reads_the_file(file: Path) -> None:
    ending = onboard(file, "--check")

    assert ending == Ending(0, f"{file}: 2 accounts, no errors.\n", "")
    assert not ManagedAccount.objects.exists()


def test_every_problem_is_printed_with_its_line(file: Path) -> None:
    file.write_text(file.read_text().replace("regions: [us-east-1]", "regions: [x]"))

    ending = onboard(file)

    assert ending.code == 1
    assert [line.split(": ")[0] for line in ending.err.splitlines()] == [
        f"{file}:3",
        f"{file}:4",
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be read"):
        onboard(tmp_path / "nothing.yaml")


def test_an_open_run_is_named(file: Path) -> None:
    file.write_text(file.read_text().replace(entry(STAGING, MORE), ""))
    approved(file)
    plan(ManagedAccount.objects.get(name=DEV.name), None)

    with pytest.raises(CommandError, match=rf"Run \d+ of {DEV.name}"):
        onboard(file)


def test_the_person_stands_on_record(file: Path) -> None:
    approver = decider("approver")

    approved(file, "--by", "approver")

    assert {run.approved_by for run in Run.objects.all()} == {approver}
    started = {run.started_by for run in Run.objects.all()}
    assert started == {"approver on the command line"}


def test_an_unknown_person_is_refused(file: Path) -> None:
    with pytest.raises(CommandError, match="nobody"):
        onboard(file, "--by", "nobody")


def test_evaluated_accounts_are_accepted_on_request(file: Path, tmp_path: Path) -> None:
    text = file.read_text().replace("'}\n", "', trusts_bowline: false}\n", 1)
    file.write_text(text)

    without = approved(file)
    ending = onboard(file, "--accept-evaluated", "--bundle", tmp_path / "out.zip")

    assert f"{DEV.name}: evaluated" in without.out
    assert ending.code == 0, ending.err
    assert "2 accounts" in ending.out


def test_more_accounts_than_fit_are_refused_before_anything_is_planned(
    file: Path, room_for_two: None
) -> None:
    with file.open("a") as more:
        more.write(entry(UNTRUSTING))

    with pytest.raises(
        CommandError, match=r"would list 3 accounts, but only 2 fit"
    ) as told:
        approved(file)

    assert "`assume: {organization: o-a1b2c3d4e5}` under `managing`" in str(told.value)
    assert not Run.objects.exists()


def test_an_evaluated_account_is_not_in_the_bundle_until_it_is_accepted(
    file: Path, tmp_path: Path
) -> None:
    """What only reads a cluster is evaluated; STAGING is verified."""
    cluster = "{eks: {clusters: [{name: apps, region: us-east-1, namespaces: []}]}}"
    file.write_text(file.read_text().replace("{ec2: {}}", cluster))

    ending = approved(file, "--bundle", tmp_path / "out.zip")

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert f"{DEV.name}: evaluated" in ending.out
    assert [a["name"] for a in manifest["accounts"]] == [STAGING.name]
    assert ending.code == 1
    assert ending.err == (
        f"{DEV.name}: evaluated. The bundle doesn't include it until an approver "
        "accepts it.\n  Review its checks, then accept it on its page or with "
        "--accept-evaluated.\n"
    )


@pytest.mark.parametrize("whose", ["the managing account's", "an account's"])
def test_a_bug_of_bowlines_own_is_told_and_is_no_success(
    file: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    make_plan = stages.STAGES[Status.PLANNING]

    def broken(run: Run, scope: Scope, sessions: Sessions) -> None:
        if (run.account is None) is (whose == "the managing account's"):
            raise ZeroDivisionError
        make_plan(run, scope, sessions)

    monkeypatch.setitem(stages.STAGES, Status.PLANNING, broken)

    ending = approved(file)

    assert ending.code == 1
    assert "errored: Bowline encountered an internal error (reference" in ending.err
    assert not ManagedAccount.objects.ready()
