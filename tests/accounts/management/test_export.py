"""`manage.py export` and `manage.py onboard --check`: there and back again."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from accounts.models import EnabledProvider, ManagingAccount
from tests.accounts.management.onboarding import onboard
from tests.rows import account_row, kept_role, managing_row

pytestmark = pytest.mark.django_db

NOTHING = "The file matches the current settings.\n"


def exported(*arguments: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("export", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def described() -> None:
    managing_row(
        identity_kind="pod_role",
        identity_name="Pods",
        pod_cluster="tools",
        pod_region="us-east-1",
        pod_namespace="spin",
        pod_service_account="clouddriver",
        pod_issuer="oidc.example.com/id/TOOLS",
        organization="o-a1b2c3d4e5",
        bakes=True,
        trusts_bowline=False,
        managed_role="theirManaged",
    )
    account_row(
        "everything",
        account_id="001234567890",
        environment="prod",
        regions=["us-east-1", "eu-west-1"],
        access_role="=Access",
        adopts=True,
        uses_external_id=False,
        read_roles=["team a", "=cmd", "a;b"],
        write_roles=["[x]"],
        providers={
            "ec2": {"access": "read", "key_pair": "our keys"},
            "ecs": {},
            "lambda": {"code_buckets": ["code", "more"]},
            "eks": {
                "clusters": [
                    {
                        "name": "apps",
                        "region": "eu-west-1",
                        "namespaces": ["web", "db"],
                        "endpoint": "https://looked.up",
                    },
                    {"name": "b", "region": "us-east-1", "rights": "view"},
                ]
            },
        },
    )
    account_row("plain", account_id="922222222222")


@pytest.mark.usefixtures("described")
@pytest.mark.parametrize("options", [[], ["--csv"]])
def test_it_is_piped_into_onboard(
    options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _ = exported(*options)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(out.encode())))

    assert onboard("-", "--check").out == f"-: 2 accounts, no errors.\n{NOTHING}"


@pytest.mark.usefixtures("described")
def test_nothing_that_was_looked_up_or_made_is_written() -> None:
    out, _ = exported()

    assert "looked.up" not in out
    assert "oidc" not in out
    assert "external_id: false" in out


@pytest.mark.usefixtures("described")
def test_no_cell_is_a_formula_or_a_number() -> None:
    out, _ = exported("--csv")

    assert "'=Access" in out
    assert "0012-3456-7890" in out
    assert not [c for line in out.splitlines() for c in line.split(",") if c[:1] == "="]


@pytest.mark.usefixtures("described")
def test_an_account_whose_steps_are_not_complete_is_named(tmp_path: Path) -> None:
    draft = account_row("draft", account_id="933333333333", regions=[])
    EnabledProvider.objects.filter(account=draft).delete()

    out, err = exported()

    assert err == "Not in the file: draft. Its steps aren't complete.\n"
    assert out.startswith("# Not in this file: draft.")
    assert "- name: draft" not in out


@pytest.mark.usefixtures("described")
def test_a_role_that_only_the_managing_account_keeps_is_named() -> None:
    ManagingAccount.objects.update(kept_roles=[kept_role(7)])

    out, err = exported()

    said = f"Spinnaker can assume {kept_role(7)['arn']}.\n"
    assert err.startswith("Not in the file: ")
    assert err.endswith(said)
    assert said in out
    assert yaml.safe_load(out)["accounts"]


@pytest.mark.usefixtures("described")
def test_the_check_says_what_a_file_would_change(tmp_path: Path) -> None:
    file = tmp_path / "accounts.yaml"
    out, _ = exported()
    file.write_text(
        out.replace("theirManaged", "other")
        .replace("name: plain", "name: new")
        .replace("922222222222", "944444444444")
        .replace("environment: prod", "environment: test")
    )

    ending = onboard(file, "--check")

    assert ending.out.endswith(
        "1 new, 1 changed, 0 same. The managing account differs. Not in the file and "
        "not changed: 1.\n"
    )


@pytest.mark.usefixtures("described")
def test_the_check_names_what_clashes_with_what_is_described(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("name,account_id,regions,ec2\nnew,9222-2222-2222,us-east-1,yes\n")

    ending = onboard(file, "--check")

    assert ending.code == 1
    assert "accounts.csv:2: This AWS account is already in Bowline" in ending.err
