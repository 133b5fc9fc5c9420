"""`manage.py adopt`: the report of an existing Spinnaker, and an accounts file."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.management import CommandError, call_command

from accounts.discover import looking
from accounts.management.commands import adopt
from accounts.mapping.accounts_file import register_all
from accounts.mapping.adopting import keeping
from accounts.models import Activity, ManagedAccount, Spinnaker
from accounts.people.activity import COMMAND_LINE
from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.looking import InAws, RoleInAws, Target
from onboarding.adopting.sources.files import LOADED
from onboarding.delivery.gate import Gate
from onboarding.delivery.transport import Answer, Request
from onboarding.topology import Reach
from tests.accounts.management.test_onboard_report import closed
from tests.onboarding.adopting.documents import (
    Providers,
    aws,
    halconfig,
    loaded,
    spring,
    stored,
)
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

SCHEMA = closed(json.loads(Path("docs/adopt.schema.json").read_text()))
OTHER = "210987654321"
IDENTITY = "arn:aws:iam::111111111111:role/SpinnakerAuthRole"


def providers(*accounts: dict[str, Any]) -> Providers:
    return {"aws": {"enabled": True, "accounts": [*accounts]}}


@pytest.fixture
def hal(tmp_path: Path) -> Path:
    """Write hal's folder, with a profile that names an account less."""
    folder = tmp_path / ".hal"
    (folder / "default" / "profiles").mkdir(parents=True)
    (folder / "other" / "profiles").mkdir(parents=True)
    (folder / "default" / "staging").mkdir()
    lost = providers(aws("dev"), aws("hidden", OTHER), aws("-Bad", "111111111111"))
    (folder / "config").write_bytes(halconfig(lost)["config"])
    kept = spring(providers(aws("dev"), aws("-Bad", "111111111111")))
    for path in ("default/profiles", "default/staging", "other/profiles"):
        name = (
            "clouddriver-local.yml" if path != "default/staging" else "clouddriver.yml"
        )
        content = kept if path != "other/profiles" else spring(providers(aws("other")))
        (folder / path / name).write_bytes(content["clouddriver-local.yml"])
    return folder


def adopted(*arguments: Any) -> str:
    out = StringIO()
    call_command("adopt", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_hals_folder_and_its_config_are_one_source(hal: Path) -> None:
    by_folder = json.loads(adopted(hal, "--json"))
    by_config = json.loads(adopted(hal / "config", "--json"))

    jsonschema.validate(by_folder, SCHEMA)
    assert by_folder["accounts"] == by_config["accounts"]
    assert by_folder["findings"] == by_config["findings"]
    assert [one["kind"] for one in by_folder["sources"]] == ["halconfig"]
    assert {one["name"]: one["outcome"] for one in by_folder["accounts"]} == {
        "-Bad": "left",
        "dev": "taken",
    }
    (hidden,) = (o for o in by_folder["findings"] if o["kind"] == "hidden-list")
    assert hidden["accounts"] == ["hidden"]


def test_a_profile_named_by_its_whole_path_is_read_once(
    hal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hal)

    report = json.loads(
        adopted(hal / "config", "default/profiles/clouddriver-local.yml", "--json")
    )

    assert [one["kind"] for one in report["sources"]] == ["halconfig"]
    assert [one["name"] for one in report["accounts"]] == ["-Bad", "dev"]


def test_a_deployment_called_staging_has_its_profiles(tmp_path: Path) -> None:
    config = halconfig(providers(aws("dev"), aws("old")), name="staging")["config"]
    profiles = tmp_path / "staging" / "profiles"
    copied = tmp_path / "staging" / "staging"
    for folder in (profiles, copied):
        folder.mkdir(parents=True)
    (tmp_path / "config").write_bytes(config)
    profile = spring(providers(aws("dev"))).popitem()[1]
    (profiles / "clouddriver-local.yml").write_bytes(profile)
    (copied / "clouddriver.yml").write_bytes(b"aws: {accounts: [{name: copied}]}")

    report = json.loads(adopted(tmp_path, "--json"))

    assert [one["name"] for one in report["accounts"]] == ["dev"]
    assert len(report["sources"]) == 1


def test_every_kind_of_report_is_described_by_the_schema(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_bytes(
        loaded(providers(aws("dev"), {**aws("x"), "assumeRole": ""})).popitem()[1]
    )

    jsonschema.validate(json.loads(adopted(file, "--json")), SCHEMA)


def test_what_is_taken_is_written_as_an_accounts_file_and_nothing_is_saved(
    hal: Path, tmp_path: Path
) -> None:
    file, report = tmp_path / "accounts.yaml", tmp_path / "report.txt"
    options = ("--accounts-file", file, "--report", report, "--access-role", "Access")

    said = adopted(hal, *options, "--identity", IDENTITY)

    found = read_accounts_file(file.read_bytes())
    assert found.managing is not None
    assert found.managing.identity_arn == IDENTITY
    assert found.managing.managed_role == "spinnakerManaged"
    (account,) = found.accounts
    assert (account.managed.name, account.managed.access_role) == ("dev", "Access")
    assert said.startswith("Bowline can take 1 of 2 accounts")
    assert f"manage.py onboard {file} --check" in said
    assert "aws account dev" in report.read_text()
    assert not ManagedAccount.objects.exists()


def test_the_report_as_a_file_is_json_by_its_name(hal: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    adopted(hal, "--report", report)

    jsonschema.validate(json.loads(report.read_text()), SCHEMA)
    assert adopted(hal) == adopted(hal)


def test_a_role_that_is_not_the_sites_is_written(hal: Path, tmp_path: Path) -> None:
    managing_row(managed_role="another")
    file = tmp_path / "accounts.yaml"

    adopted(hal, "--accounts-file", file)

    assert "  managed_role: spinnakerManaged\n" in file.read_text()


def test_an_accounts_file_is_never_overwritten(hal: Path, tmp_path: Path) -> None:
    file = tmp_path / "accounts.yaml"
    file.write_text("mine")

    with pytest.raises(CommandError, match="isn't overwritten"):
        adopted(hal, "--accounts-file", file)

    assert file.read_text() == "mine"


def test_without_an_identity_the_next_steps_name_the_managed_role(
    hal: Path, tmp_path: Path
) -> None:
    said = adopted(hal, "--accounts-file", tmp_path / "accounts.yaml")

    assert "the managed role must be spinnakerManaged: accounts without" in said


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "Name a file or a folder"),
        (("nowhere",), "nowhere can't be read"),
        (("--gate",), "connected to Spinnaker"),
        (("{hal}", "--deployment", "other"), "no deployment “other”"),
        (("{hal}/default/staging/../../x.yml",), "no Halyard config"),
        (("{hal}/empty",), "No source has accounts"),
        (("{hal}", "--report", "/nowhere/x"), "can't be written"),
        (("{hal}", "--accounts-file", "/nowhere/x"), "can't be written"),
        (("{hal}", "--accounts-file", "x", "--identity", "me"), "“me” isn't valid"),
        (("{hal}", "--accounts-file", "x", "--access-role", "a/b"), "isn't valid"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    hal: Path, arguments: tuple[str, ...], why: str
) -> None:
    (hal / "x.yml").write_text("a: 1")
    (hal / "empty").mkdir()

    with pytest.raises(CommandError, match=why):
        adopted(*(one.format(hal=hal) for one in arguments))


def test_a_folder_too_large_for_a_look_is_refused(
    hal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adopt, "MOST_FILES", 2)

    with pytest.raises(CommandError, match="contains more than 2 files"):
        adopted(hal)


def gate(**answers: bytes | int) -> Callable[..., Gate]:
    """Answer with a body, or with an error's status."""

    def send(request: Request) -> Answer:
        path = request.path.partition("?")[0].rpartition("/")[2]
        if request.path == LOADED:
            path = "loaded"
        found = answers.get(path, b"[]")
        body = (
            found
            if isinstance(found, bytes)
            else b"Cannot use AccountDefinitionService"
        )
        return Answer(
            status=200 if isinstance(found, bytes) else found,
            content_type="application/json",
            body=body,
        )

    return lambda row: Gate(send, lambda seconds: None)


def test_the_connected_spinnaker_is_read_and_compared(
    hal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Spinnaker.objects.create(url="https://gate.example.com")
    described = providers(aws("dev"))
    answers = {
        "aws": stored(described)["aws.json"],
        "loaded": loaded(providers(aws("dev", environment="other")))[
            "credentials.json"
        ],
    }
    monkeypatch.setattr(keeping, "gate_of", gate(**answers))

    found = json.loads(adopted(hal, "--gate", "--json"))

    kinds = {one["kind"] for one in found["findings"]}
    assert [one["kind"] for one in found["sources"]] == [
        "stored",
        "halconfig",
        "loaded",
    ]
    assert kinds >= {"stored-over-file", "not-in-effect"}


def test_aws_is_looked_at_with_a_role(
    hal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = RoleInAws("spinnakerManaged", exists=True, assumed_by=("All can.",))
    found = InAws("123456789012", (role,))
    asked: list[Target] = []
    monkeypatch.setattr(looking, "look_at", lambda _, one: asked.append(one) or found)

    as_json = json.loads(adopted(hal, "--json", "--look", "Access"))
    as_text = adopted(hal, "--look", "Access")

    jsonschema.validate(as_json, SCHEMA)
    assert {one.reach for one in asked} == {Reach("123456789012", "Access")}
    assert as_json["look"]["role"] == "Access"
    in_aws = {one["name"]: one.get("in_aws") for one in as_json["accounts"]}
    assert in_aws["-Bad"] is None
    assert in_aws["dev"]["roles"][0]["name"] == "spinnakerManaged"
    assert as_text.endswith(
        "In AWS, with the role Access: 1 with the role.\n\n"
        "AWS account dev (123456789012)\n  Role spinnakerManaged. All can.\n"
    )


def test_the_accounts_file_has_the_identity_that_the_roles_trust(
    hal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    identity = "arn:aws:iam::111111111111:user/spinnaker"
    role = RoleInAws("spinnakerManaged", exists=True, trusted=(identity,))
    found = InAws("123456789012", (role,))
    monkeypatch.setattr(looking, "look_at", lambda *_: found)
    path = tmp_path / "accounts.yaml"

    adopted(hal, "--look", "Access", "--accounts-file", path)

    assert f"existing: '{identity}'" in path.read_text()


def test_an_account_that_spinnaker_has_otherwise_is_confirmed_and_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    described = providers(aws("dev"), aws("old", OTHER))
    files = halconfig(described) | loaded(providers(aws("dev")))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    person("operator", username="olga")
    by_olga = ("--confirm", "old", "--by", "olga")

    first = json.loads(adopted(tmp_path, "--json"))
    said = capsys.readouterr().err
    anybody = json.loads(adopted(tmp_path, "--json", "--confirm", "old"))
    adopted(tmp_path, "--json", *by_olga)

    assert "repeat the command with --confirm NAME" in said
    assert (first["counts"]["taken"], first["counts"]["waiting"]) == (1, 1)
    assert (anybody["counts"]["taken"], anybody["confirmed"]) == (2, ["old"])
    jsonschema.validate(anybody, SCHEMA)
    entries = Activity.objects.filter(what=Activity.What.ADOPT).order_by("number")
    assert [(one.who, one.detail["confirmed"]) for one in entries] == [
        (COMMAND_LINE, ["old"]),
        ("olga", ["old"]),
    ]
    with pytest.raises(CommandError, match=r"can't be confirmed: gone\."):
        adopted(tmp_path, "--confirm", "gone")


def test_a_new_environment_is_named_with_what_approving_takes(tmp_path: Path) -> None:
    accounts = (aws("a", environment="UAT"), aws("b", OTHER, environment="prod_eu"))
    known = aws("c", "3" * 12, environment="stage")
    short = aws("d", "4" * 12, environment="PRD")
    account_row(environment="stage")
    files = spring(providers(*accounts, known, short))
    (tmp_path / "clouddriver.yml").write_bytes(files["clouddriver-local.yml"])

    found = json.loads(adopted(tmp_path / "clouddriver.yml", "--json"))["findings"]

    new = [one for one in found if one["kind"] == "new-environment"]
    (shortened, lax, strict) = new
    assert "PRD is new to Bowline. Its name says production" in shortened["says"]
    assert "UAT is new to Bowline. Its name doesn't say production" in lax["says"]
    assert "needs a second approver" in strict["says"]
    assert (lax["accounts"], strict["accounts"]) == (["a"], ["b"])


def onboarded(file: Path) -> None:
    """Save the accounts of a file, as `manage.py onboard` does before it plans."""
    register_all(read_accounts_file(file.read_bytes()), None)


def test_a_conflict_is_printed_and_answered(
    hal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = (tmp_path / f"{name}.yaml" for name in "abc")
    adopted(hal, "--identity", IDENTITY, "--accounts-file", first)
    onboarded(first)
    ManagedAccount.objects.update(environment="team")
    profile = spring(providers(aws("dev", environment="live"))).popitem()[1]
    (hal / "default" / "profiles" / "clouddriver-local.yml").write_bytes(profile)

    adopted(hal, "--accounts-file", second)
    onboarded(second)
    kept = ManagedAccount.objects.get().environment
    adopted(hal, "--accounts-file", third, "--take", "dev:environment")
    onboarded(third)

    assert "Both differ: dev:environment: the sources had –" in capsys.readouterr().err
    assert kept == "team"
    assert ManagedAccount.objects.get().environment == "live"


def test_another_identity_than_bowlines_is_refused(hal: Path, tmp_path: Path) -> None:
    managing_row(managed_role="spinnakerManaged")
    file = tmp_path / "x.yaml"

    with pytest.raises(CommandError, match="Spinnaker's identity is"):
        adopted(hal, "--identity", IDENTITY, "--accounts-file", file)

    assert not file.exists()
