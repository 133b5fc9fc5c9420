from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from accounts.models import Bundle
from tests.bundles import core, with_every_provider
from tests.factories import topology
from tests.rows import bundle_row

pytestmark = pytest.mark.django_db

FOLDER = "/home/spinnaker/bowline"
SECRET = "s3cret-of-somebody"
CONFIG = f"""\
currentDeployment: default
deploymentConfigurations:
- name: default
  providers:
    aws:
      enabled: true
      accounts: []
      secretAccessKey: {SECRET}
"""
COLLIDING = CONFIG.replace("[]", "[{name: core, accountId: '000000000008'}]")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text(CONFIG)
    return path


def run(config: Path, *more: str, number: int = 1) -> Path:
    out = config.with_name("config.new")
    words = [str(config), "--bundle", str(number), "--out", str(out), *more]
    call_command("merge_halconfig", *words)
    return out


def aws(out: Path) -> list[dict[str, Any]]:
    (deployment,) = yaml.safe_load(out.read_text())["deploymentConfigurations"]
    accounts: list[dict[str, Any]] = deployment["providers"]["aws"]["accounts"]
    return accounts


def test_it_writes_a_merged_file_for_its_owner_only(config, capsys) -> None:
    bundle_row(with_every_provider())

    out = run(config, "--folder", FOLDER)

    told = capsys.readouterr()
    assert [account["name"] for account in aws(out)] == ["core", "staging"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert f"secretAccessKey: {SECRET}" in out.read_text()
    assert "aws: 2 added" in told.out
    assert "aws settings: set (features, lambda, primaryAccount)" in told.out
    assert f"install -m 600 {out} ~/.hal/config" in told.out
    assert SECRET not in told.out + told.err
    assert config.read_text() == CONFIG


def test_it_prints_what_differs_in_an_account_and_no_secret(config, capsys) -> None:
    bundle_row(with_every_provider())
    theirs = f"[{{name: staging-apps, kubeconfigContents: {SECRET}}}]"
    clusters = f"    kubernetes:\n      accounts: {theirs}\n"
    core_of_hal = "[{name: core, accountId: '911111111111'}]"
    config.write_text(CONFIG.replace("[]", core_of_hal) + clusters)

    run(config, "--folder", FOLDER, "--take-over", "staging-apps")

    told = capsys.readouterr().out
    assert "aws core: changed (" in told
    assert "\n   +assumeRole:" in told
    assert "\n   -kubeconfigContents: ••••••\n" in told
    assert SECRET not in told


def test_what_hal_refuses_is_told_with_its_line(config, capsys) -> None:
    bundle_row(topology(core()))
    config.write_text(CONFIG.replace("enabled", "enabeld"))

    with pytest.raises(CommandError, match="Line 6: hal knows no") as refused:
        run(config)

    assert SECRET not in f"{refused.value}{capsys.readouterr()}"


def test_what_the_config_has_wrong_is_told(config, capsys) -> None:
    bundle_row(with_every_provider())
    off = "[{name: staging, accountId: '922222222222', lambdaEnabled: false}]"
    config.write_text(CONFIG.replace("[]", off))

    run(config, "--folder", FOLDER)

    told = capsys.readouterr().err
    assert "Spinnaker shows none of its functions" in told
    assert "Spinnaker shows no functions of any account" in told


def test_a_colliding_name_is_asked_and_nothing_is_written(config, capsys) -> None:
    bundle_row(topology(core()))
    config.write_text(COLLIDING)

    with pytest.raises(SystemExit) as ended:
        run(config)

    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert "core isn't included. Line 7: hal's core is AWS account 000000000008" in told
    assert "--leave core keeps the config's" in told
    assert not config.with_name("config.new").exists()


@pytest.mark.parametrize(
    ("answer", "account_id"),
    [("--take-over", "911111111111"), ("--leave", "000000000008")],
)
def test_a_person_says_whose_a_name_is(config, answer: str, account_id: str) -> None:
    bundle_row(topology(core()))
    config.write_text(COLLIDING)

    out = run(config, answer, "core")

    assert aws(out)[0]["accountId"] == account_id


def test_clusters_need_the_folder(config) -> None:
    bundle_row(with_every_provider())

    for words in ((), ("--folder", "bowline")):
        with pytest.raises(CommandError, match="set --folder"):
            run(config, *words)


def test_a_file_that_is_there_is_not_overwritten(config) -> None:
    bundle_row(topology(core()))
    run(config)

    with pytest.raises(CommandError, match="already exists"):
        run(config)


def test_a_folder_that_is_not_there_is_told(config) -> None:
    bundle_row(topology(core()))
    out = config.parent / "nowhere" / "config.new"

    with pytest.raises(CommandError, match="can't be written"):
        call_command("merge_halconfig", str(config), "--bundle", "1", "--out", str(out))


def test_a_config_that_is_not_there_is_told(config) -> None:
    bundle_row(topology(core()))
    config.unlink()

    with pytest.raises(CommandError, match="can't be read"):
        run(config)


def test_a_bundle_that_is_not_ready_is_told(config) -> None:
    Bundle.objects.create(number=7)

    with pytest.raises(CommandError, match="There is no bundle 7 that is ready"):
        run(config, number=7)


def test_a_bundle_that_is_no_zip_is_told_in_a_sentence(config: Path) -> None:
    Bundle.objects.create(number=1, status=Bundle.Status.READY, archive=b"no zip")

    with pytest.raises(CommandError, match="can't be read out of the bundle's zip"):
        run(config)
