"""Every place that shows the version shows the one of onboarding/__init__.py."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.test import Client

from accounts.api.api import api
from onboarding import VERSION
from tests.rows import person

ROOT = Path(__file__).parents[2]


def test_the_bill_of_materials_and_the_changelog_have_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = re.findall(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text(), re.M)

    assert project["version"] == VERSION
    assert VERSION in versions


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/admin/", "/nothing/"])
def test_a_page_shows_it_at_its_foot(client: Client, path: str) -> None:
    if path != "/sign-in/":
        client.force_login(person("administrator", is_staff=True, is_superuser=True))

    page = client.get(path).content.decode()

    foot = page.rpartition("<footer")[2].partition("</footer>")[0]
    assert f"Bowline {VERSION}" in foot


def test_the_description_of_the_api_has_it() -> None:
    assert api.get_openapi_schema()["info"]["version"] == VERSION


def test_the_command_line_prints_it_without_any_setting() -> None:
    for argument in ("version", "--version"):
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", argument],
            env={"DJANGO_SETTINGS_MODULE": "nowhere"},
            capture_output=True,
            text=True,
        )

        assert (done.stdout, done.stderr) == (f"Bowline {VERSION}\n", "")
