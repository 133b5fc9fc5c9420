"""The pictures in docs/pages, and the site that they are of, without its programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from django.contrib.auth.models import User

from accounts.models import FoundRoles, ManagedAccount, Run
from script.screenshots import (
    APPROVE_MANAGING,
    LOOKS,
    MANY,
    MOST_BYTES,
    halyard_config,
    write_index,
)

PAGES = Path(__file__).parents[2] / "docs" / "pages"
MOST_OF_ALL = 3_000_000


def test_each_page_has_a_picture_for_each_look() -> None:
    pictures = {file.name for file in PAGES.glob("*.webp")}
    phone = LOOKS[1].suffix

    pages = {name.removesuffix(".webp").removesuffix(phone) for name in pictures}

    assert len(pages) > 25
    assert pictures == {f"{page}{look.suffix}.webp" for page in pages for look in LOOKS}


def test_pictures_are_small() -> None:
    sizes = {file.name: file.stat().st_size for file in PAGES.rglob("*.webp")}

    assert [name for name, size in sizes.items() if size > MOST_BYTES] == []
    assert sum(sizes.values()) < MOST_OF_ALL


def test_every_picture_that_the_list_names_is_kept() -> None:
    named = re.findall(r"\]\(([^)]*)\)", (PAGES / "README.md").read_text())

    assert {PAGES / name for name in named} == {*PAGES.rglob("*.webp")}


def test_the_list_shows_a_page_at_a_desk_and_on_a_phone(tmp_path: Path) -> None:
    for look in LOOKS:
        (tmp_path / f"bundle-next{look.suffix}.webp").touch()

    write_index(tmp_path)

    text = (tmp_path / "README.md").read_text()
    assert "## Bundle next" in text
    assert (
        "| ![Bundle next](bundle-next.webp) | ![Bundle next](bundle-next-390-dark.webp)"
    ) in text


@pytest.mark.django_db
def test_the_accounts_of_a_larger_site_are_as_the_models_have_them() -> None:
    exec(MANY, {})

    assert ManagedAccount.objects.count() == 64
    assert ManagedAccount.objects.filter(verification="verified").exists()
    assert FoundRoles.objects.count() == 16


@pytest.mark.django_db
def test_who_approves_the_managing_account_finds_what_the_code_has() -> None:
    # The shell imports every model.
    found: dict[str, object] = {"Run": Run, "User": User}

    exec(APPROVE_MANAGING, found)

    assert {"approve", "carry_on"} <= found.keys()


def test_the_config_of_a_spinnaker_has_a_name_that_is_left() -> None:
    (deployment,) = yaml.safe_load(halyard_config())["deploymentConfigurations"]

    names = [one["name"] for one in deployment["providers"]["aws"]["accounts"]]
    assert len(names) == 12
    assert names[-1] == "-Prod"
