"""docs/reference/settings.md, .env.example and the code name the same settings."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from script.reference import DOCS
from script.settings_reference import (
    EXAMPLE,
    OF_ITS_OWN,
    VALUES,
    Entry,
    Setting,
    entries,
    settings_reference,
    written,
)
from script.variables_read import Read, variables_read

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
NO_SETTING = {"AWS_DEFAULT_REGION", "DJANGO_SETTINGS_MODULE"}
"""Other names of AWS's own region, and of Django's own module."""
NOT_IN_A_CONTAINER = {"DEBUG", "STATIC_ROOT"}
"""The image sets the folder, and nobody debugs there."""
ADD = (
    "Describe each in .env.example, with a comment above it, its default after the =, "
    "and run script/reference."
)

ENTRIES = [*entries(EXAMPLE.read_text())]
DESCRIBED = {setting.name for entry in ENTRIES for setting in entry.settings}


def test_every_variable_that_the_code_reads_is_in_the_example() -> None:
    missing = {*variables_read()} - DESCRIBED - NO_SETTING

    assert not missing, f"{sorted(missing)}: {ADD}"


def test_the_example_has_no_variable_that_nothing_reads() -> None:
    """docker-compose reads some for itself, and gives others to boto3."""
    read = {*variables_read(), *re.findall(r"\$\{(\w+)", COMPOSE)}
    site: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]["web"]["environment"]

    unread = DESCRIBED - read - {*site}

    assert not unread, f"Nothing reads {sorted(unread)}: remove them from .env.example."


def test_what_may_be_written_is_said_of_readers_that_there_are() -> None:
    readers = {one.reader for one in variables_read().values()}

    assert {*VALUES} - readers == set(), "No variable is read by these: remove them."
    assert {*OF_ITS_OWN} <= {*variables_read()}


def test_docker_compose_passes_every_setting_to_the_site() -> None:
    site = yaml.safe_load(COMPOSE)["services"]["web"]["environment"]
    missing = {*variables_read()} - NO_SETTING - NOT_IN_A_CONTAINER - {*site}

    assert not missing, f"docker-compose.yml does not pass on {sorted(missing)}."


def test_every_variable_that_docker_compose_reads_is_in_the_example() -> None:
    missing = {*re.findall(r"\$\{(\w+)", COMPOSE)} - DESCRIBED

    assert not missing, f"{sorted(missing)}: {ADD}"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.settings[0].name)
def test_a_setting_has_a_text_and_a_section(entry: Entry) -> None:
    assert entry.text.endswith((".", ":", "`")), f"{entry.settings}: {ADD}"
    assert entry.section


def test_no_setting_is_described_twice() -> None:
    names = [setting.name for entry in ENTRIES for setting in entry.settings]

    assert sorted(names) == sorted({*names})


def test_the_example_has_the_defaults_of_the_code() -> None:
    read = variables_read()
    wrong = [
        f"{setting.name}: {default!r} in the code"
        for entry in ENTRIES
        for setting in entry.settings
        if (default := read[setting.name].default if setting.name in read else None)
        if setting.value != default and f"`{default}`" not in entry.text
    ]

    assert not wrong


def test_the_page_is_what_the_example_and_the_code_say() -> None:
    assert (DOCS / "reference" / "settings.md").read_text() == settings_reference(), (
        "docs/reference/settings.md is out of date: run script/reference."
    )


def test_a_comment_is_about_the_variables_below_it() -> None:
    example = (
        "# About the file.\n\n## Mail\n\n# The\n# server.\nHOST=\nPORT=587\n"
        "# A key.\n# KEY=\n"
    )

    assert [*entries(example)] == [
        Entry("Mail", "The server.", (Setting("HOST", ""), Setting("PORT", "587"))),
        Entry("Mail", "A key.", (Setting("KEY", ""),)),
    ]


@pytest.mark.parametrize(
    ("text", "value", "reader", "shown"),
    [
        ("Ports.", "587", "env_port", "- Default: `587`. Value: a port, 1 to 65535."),
        ("Names.", "", "env_list", "- Default: none. Value: a comma-separated list"),
        ("A. Default: `x`.", "", "os.environ.get", "- Default: `x`."),
        ("A. Example:", "y", "os.environ.get", "- Default: none. Example: `y`."),
    ],
)
def test_a_setting_says_its_default_and_what_it_may_be(
    text: str, value: str, reader: str, shown: str
) -> None:
    entry = Entry("Site", text, (Setting("A", value),))

    page = written(entry, {"A": Read("A", reader, None)}, {"A"})

    assert shown in page
    assert "Example:\n" not in page


def test_names_become_code_and_pages_become_links() -> None:
    entry = Entry(
        "S",
        "Only with A_HOST, `HOST=1`. See docs/operate/backup.md.",
        (Setting("A", ""),),
    )

    page = written(entry, {}, {"A", "A_HOST"})

    assert "Only with `A_HOST`, `HOST=1`. See [Back up and" in page
    assert "restore Bowline](../operate/backup.md)." in page


def test_a_name_that_is_also_a_word_is_code_only_where_it_is_marked() -> None:
    entry = Entry("S", "Sign-on with SAML, by `SAML=true`.", (Setting("SAML", ""),))

    assert "Sign-on with SAML, by `SAML=true`." in written(entry, {}, {"SAML"})


def test_three_settings_are_required_and_the_install_page_says_which() -> None:
    required = [
        s.name for one in ENTRIES if one.section == "Required" for s in one.settings
    ]
    page = (DOCS / "install" / "docker-compose.md").read_text()
    listed = page.partition("settings.md) are required:")[2].partition("3. Create")[0]

    assert {*required} == {"SECRET_KEY", "ALLOWED_HOSTS", "POSTGRES_PASSWORD"}
    assert {*re.findall(r"^ *\| `(\w+)` ", listed, re.MULTILINE)} == {*required}


def test_a_site_starts_with_the_required_settings_alone() -> None:
    """For two accounts, without email and single sign-on."""
    given = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "bowline.example.com",
        "POSTGRES_PASSWORD": "letters1",
    }
    passed = yaml.safe_load(COMPOSE)["services"]["web"]["environment"]
    environment = {
        name: re.sub(
            r"\$\{(\w+):[-?]([^}]*)\}",
            lambda found: given.get(found[1], found[2]),
            str(value),
        )
        for name, value in passed.items()
        if value is not None
    }

    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    for name in given:
        assert any(given[name] in value for value in environment.values()), name


def test_each_setting_is_in_one_of_three_groups_and_a_section_in_one() -> None:
    groups = {one.section: one.group for one in ENTRIES}

    assert [*dict.fromkeys(groups.values())] == [
        "**Required.** No site runs without these.",
        "**Optional.** Set what your installation uses.",
        "**Rare.** The defaults fit almost everyone.",
    ]
    assert all(groups[one.section] == one.group for one in ENTRIES)
