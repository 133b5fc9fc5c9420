"""docs/reference/accounts-file.md has every key of the file, with its default."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from onboarding.accounts_file import read_accounts_file
from onboarding.accounts_file.managed import ACCOUNT_KEYS
from onboarding.accounts_file.managing import MANAGING_KEYS
from onboarding.accounts_file.spinnaker import SPINNAKER_KEYS
from onboarding.accounts_file.spreadsheet import COLUMNS
from onboarding.providers import PROVIDERS
from onboarding.providers.eks import LEARNED, Cluster

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = (DOCS / "reference" / "accounts-file.md").read_text()
ROW = re.compile(r"^\| (`.+?) \| (.+?) \| .+? \|$", re.MULTILINE)


def keys_after(start: str, end: str) -> dict[str, str]:
    """Read the rows of a table or a part: each key, with its default."""
    rows = ROW.findall(DOCUMENT.partition(start)[2].partition(end)[0])
    return {
        key: default for keys, default in rows for key in re.findall(r"`(\w+)`", keys)
    }


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ("managing", MANAGING_KEYS),
        ("accounts", ACCOUNT_KEYS),
        ("spinnaker", SPINNAKER_KEYS),
    ],
)
def test_each_part_has_all_of_its_keys(part: str, known: Sequence[str]) -> None:
    assert {*keys_after(f"\n## `{part}`\n", "\n## ")} == {*known}


@pytest.mark.parametrize("key", ["ec2", "ecs", "lambda"])
def test_a_provider_has_its_details_and_their_defaults(key: str) -> None:
    documented = keys_after(f"\n| {PROVIDERS[key].title} | Default |", "\n\n")
    known = {field.name: field.default for field in fields(PROVIDERS[key])}

    assert {*documented} == {*known}
    for name, default in known.items():
        if isinstance(default, bool):
            assert documented[name] == f"`{str(default).lower()}`"
        elif isinstance(default, str) and default:
            assert documented[name] == f"`{default}`"


def test_a_cluster_has_its_details() -> None:
    documented = keys_after("\n| EKS cluster | Default |", "\n\n")
    known = [field for field in fields(Cluster) if field.name not in LEARNED]

    assert {*documented} == {field.name for field in known}
    for field in known:
        assert (documented[field.name] == "required") == (field.default is MISSING)


def test_csv_has_its_columns() -> None:
    named = DOCUMENT.partition("The columns are")[2].partition(";")[0]

    assert {*re.findall(r"`(\w+)`", named)} == {*COLUMNS}


def test_the_examples_are_read() -> None:
    written = re.search(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    rows = re.search(r"```csv\n(name,.*?)```", DOCUMENT, re.DOTALL)
    assert written
    assert rows

    file = read_accounts_file(written[1].encode())

    assert [account.managed.name for account in file.accounts] == ["staging", "tools"]
    assert len(read_accounts_file(rows[1].encode(), csv=True).accounts) == 1
