"""`manage.py handoff`, `policy` and `installed`, and diffs as plain text."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.management.commands import onboard
from accounts.management.plain_text import printed
from accounts.models import Activity, Bundle, ForeignPolicy, HandOff, Run
from accounts.models.checks import WRITES, today
from accounts.models.states import State, Status
from accounts.spinnaker.presence import gone_answer
from onboarding.topology import MadeBy
from tests.accounts.runs.foreign.rows import foreign_row
from tests.bundles import core, staging
from tests.factories import topology
from tests.rows import (
    account_row,
    bundle_row,
    decider,
    hand_off_row,
    managing_row,
    person,
    run_row,
    step_row,
)

pytestmark = pytest.mark.django_db


def test_each_account_gets_a_folder(tmp_path: Path) -> None:
    managing_row(verification=State.VERIFIED)
    person("operator", username="olivia")
    for number, name in enumerate(("staging", "prod"), start=1):
        account_row(name, account_id=f"{number:012}", made_by=MadeBy.OWNER.value)

    call_command("handoff", "staging", "prod", output=tmp_path, by="olivia")

    taken = Activity.objects.filter(what=Activity.What.DOWNLOAD)
    assert sorted(taken.values_list("who", "about")) == [
        ("olivia", "prod"),
        ("olivia", "staging"),
    ]
    for name in ("staging", "prod"):
        script = tmp_path / name / "create.sh"
        assert os.access(script, os.X_OK)
        assert f"--stack-name bowline-{name}" in script.read_text()
        assert (tmp_path / name / "terraform" / "iam" / "main.tf.json").exists()


@pytest.mark.parametrize(
    ("made_by", "verification", "names", "said"),
    [
        (MadeBy.BOWLINE, State.VERIFIED, ["staging"], "Bowline creates the roles"),
        (MadeBy.OWNER, "", ["staging"], "verify the managing account"),
        (MadeBy.OWNER, State.VERIFIED, ["staging", "nobody"], "no account nobody"),
    ],
    ids=["bowline's own", "too early", "unknown"],
)
def test_where_one_cannot_be_handed_off_nothing_is_written(
    tmp_path: Path, made_by: MadeBy, verification: str, names: list[str], said: str
) -> None:
    managing_row(verification=verification)
    account_row(made_by=made_by.value)

    with pytest.raises(CommandError, match=said):
        call_command("handoff", *names, output=tmp_path)

    assert list(tmp_path.iterdir()) == []
    assert not Activity.objects.exists()


def test_the_organization_gets_a_folder_for_each_stack_set(tmp_path: Path) -> None:
    managing = managing_row(verification=State.VERIFIED)
    for number in (1, 2):
        account = account_row(
            f"team-{number}",
            account_id=f"{number:012}",
            made_by=MadeBy.ORGANIZATION.value,
            external_id_prefix=managing.external_id_prefix,
        )
        hand_off_row(account)

    call_command("handoff", organization=True, output=tmp_path)

    last = HandOff.objects.latest("pk")
    folder = tmp_path / last.stack_name
    listed = (folder / "accounts.txt").read_text().split()
    assert listed == [f"{1:012}", f"{2:012}"]
    assert (folder / f"{folder.name}.yml").read_text() == last.text.text
    assert "create-stack-set" in (tmp_path / "README.md").read_text()
    assert Activity.objects.get().about == "the organization"


def test_onboard_names_the_command_for_whoever_creates_the_roles() -> None:
    managing_row()
    out = io.StringIO()
    command = onboard.Command(stdout=out)
    command.as_json = False

    for made_by in (MadeBy.OWNER, MadeBy.ORGANIZATION):
        account = account_row(
            made_by, account_id=f"{len(made_by):012}", made_by=made_by
        )
        command.tell(run_row(Status.HANDED_OFF, account=account))

    assert "manage.py handoff owner --output DIR" in out.getvalue()
    assert "manage.py handoff --organization --output DIR" in out.getvalue()


@pytest.mark.parametrize(
    ("names", "organization", "said"),
    [
        ([], False, "or else --organization"),
        (["staging"], True, "or else --organization"),
        ([], True, "No account of the organization is handed off yet"),
    ],
    ids=["neither", "both", "too early"],
)
def test_either_accounts_are_named_or_the_organization(
    tmp_path: Path, names: list[str], organization: bool, said: str
) -> None:
    managing_row(verification=State.VERIFIED)

    with pytest.raises(CommandError, match=said):
        call_command("handoff", *names, organization=organization, output=tmp_path)

    assert list(tmp_path.iterdir()) == []


DAY = f"{today() + timedelta(days=9)}"


def run(*words: str) -> tuple[int, str]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("policy", *words, stdout=out)
    return int(ended.value.code or 0), out.getvalue()


@pytest.fixture
def number() -> str:
    managing_row()
    account = account_row("web", environment="production")
    return f"{foreign_row(account, kind=WRITES).pk}"


def test_unknown_writes_are_asked_for_listed_and_accepted_by_two(number: str) -> None:
    decider("olga")
    decider("paul")
    ask = ("ask", number, "--reason", "Backups.", "--until", DAY, "--by", "olga")

    asked, _ = run(*ask)
    waits, said = run("list")
    read = ForeignPolicy.objects.get().asked_digest
    accepting = ("accept", number, "--read", read, "--by")
    with pytest.raises(CommandError, match=r"olga asked to accept it.* Ask paul"):
        call_command("policy", *accepting, "olga")
    done, words = run(*accepting, "paul")
    empty, nothing = run("list")

    assert (asked, waits, done, empty) == (2, 2, 0, 0)
    assert f"olga asked to accept it until {DAY}: Backups.\n  --read {read}" in said
    assert words.endswith(": accepted\n")
    assert nothing == ""
    entries = Activity.objects.order_by("number").values_list("who", "what")
    refused = ("olga", "refused")
    assert [*entries] == [("olga", "ask"), refused, ("paul", "accept policy")]
    ended, _ = run("end", number, "--by", "olga")
    assert ended == 0
    assert not ForeignPolicy.objects.get().is_accepted


def test_it_is_for_whoever_has_the_role_and_read_it(number: str) -> None:
    decider("olga")
    person("operator", username="own")
    run("ask", number, "--reason", "Backups.", "--until", DAY, "--by", "own")
    read = ForeignPolicy.objects.get().asked_digest

    for words, why in (
        (("accept", number, "--read", read, "--by", "own"), "the approver role"),
        (("accept", number, "--read", "0" * 64, "--by", "olga"), "Review it again"),
        (("accept", number, "--by", "olga"), "accept needs NUMBER and --read"),
        (("end", "--by", "olga"), "end needs NUMBER"),
        (("end", "99", "--by", "olga"), "There is no policy of others 99"),
        (("ask", "1", "--until", "soon"), "soon isn't a day such as"),
    ):
        with pytest.raises(CommandError, match=why):
            call_command("policy", *words)

    assert ForeignPolicy.objects.get().is_asked


def test_the_bundle_is_on_record_as_what_spinnaker_has() -> None:
    bundle_row(topology(core(), staging()), 3)
    person("operator", username="olga")
    out = io.StringIO()

    call_command("installed", "3", "--by", "olga", stdout=out)

    assert out.getvalue() == "Recorded: Spinnaker has bundle 3.\n"
    assert Bundle.objects.installed().get().installed_by_name == "olga"
    assert Activity.objects.get().what == Activity.What.INSTALL


def test_where_accounts_are_gone_from_it_somebody_must_have_looked() -> None:
    bundle_row(topology(core()), 3, topology(core(), staging()))
    digest = gone_answer(Bundle.objects.get().files)

    for answer in ("", "yes", "all gone 000000000000"):
        with pytest.raises(CommandError, match="no longer includes some earlier"):
            call_command("installed", "3", "--answer", answer)
    assert not Bundle.objects.installed().exists()

    for answer in (f"all gone   {digest}", "gone"):
        Bundle.objects.update(installed_at=None)
        call_command("installed", "3", "--answer", answer, stdout=io.StringIO())
        assert Bundle.objects.installed().exists()
        assert Activity.objects.order_by("-pk")[0].detail["answer"] == answer


def test_a_bundle_that_is_not_built_is_refused() -> None:
    Bundle.objects.create(number=3)

    with pytest.raises(CommandError, match="There is no bundle 3 that is ready"):
        call_command("installed", "3")


def test_what_is_discouraged_and_newer_stands_above_the_changes(
    three_policy_sets,
) -> None:
    account = account_row(policy_set=1, providers={"ec2": {"access": "power-user"}})
    run = run_row(account=account)
    step_row(run)

    summary, warning, brings, second, third, change, *_ = printed(run).splitlines()

    assert summary == "staging: 1 to create, 0 to update, 0 to delete"
    assert warning.startswith(
        "  ! Not recommended for EC2. With PowerUserAccess, Spinnaker"
    )
    assert brings == "  This plan updates staging from policy version 1 to version 3:"
    assert second == "    v2 Volumes may be tagged."
    assert third == "    v3 Snapshots may be shared."
    assert change.startswith("  + role spinnakerManaged")


@pytest.mark.parametrize("kind", [Run.Kind.REMOVE, Run.Kind.MANAGING])
def test_nothing_is_warned_of_where_nothing_is_granted(kind: str, managing) -> None:
    account = account_row(providers={"ec2": {"access": "power-user"}})
    run = run_row(account=None if kind == Run.Kind.MANAGING else account, kind=kind)

    assert "Not recommended" not in printed(run)


def test_who_else_can_assume_a_role_comes_first_and_is_bounded(managing) -> None:
    others = [
        {"sentence": f"Role r{number} can assume it.", "anybody": False}
        for number in range(300)
    ]
    one = {"role": "spinnakerManaged", "account": "9" * 12, "others": others}
    run = run_row(account=account_row(), evidence=[one])
    step_row(run, kind="policy", after={"document": {"Statement": []}})

    lines = printed(run).splitlines()

    assert lines[1] == "  ! spinnakerManaged: Role r0 can assume it."
    assert lines[51] == (
        "  ! Who else can assume it: 250 more. The API lists all of them."
    )
