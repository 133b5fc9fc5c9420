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

from bowline.environment.variables import Environment
from script.reference import (
    DOCS,
    EXAMPLE,
    Entry,
    Setting,
    entries,
    settings_reference,
    written,
)

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
OF_BOTO3 = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
}
OF_THE_CONTAINERS = {
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "DATABASE_URL",
    "REDIS_URL",
    "REMAP_SIGTERM",
    "SECRET_KEY",
    "STATIC_ROOT",
    "TLS_ADDRESS",
    "TRUSTED_PROXIES",
}
"""What follows from how docker-compose runs them, whatever the file says."""
ADD = (
    "Describe each in .env.example, with a comment above it, its default after the =, "
    "and run script/reference."
)

ENTRIES = [*entries(EXAMPLE.read_text())]
DESCRIBED = {setting.name for entry in ENTRIES for setting in entry.settings}


def test_the_example_has_every_variable_and_no_other() -> None:
    """docker-compose reads some for itself; others go to boto3, or are read by name."""
    by_compose = {*re.findall(r"\$\{(\w+)", COMPOSE)}
    by_name = {*Environment().NOTICE_SECRET_VARIABLES}
    by_name |= {*Environment().SPINNAKER_SECRET_VARIABLES}
    read = {*Environment.model_fields} | by_compose | by_name | OF_BOTO3

    assert read == DESCRIBED, ADD


def test_docker_compose_gives_the_site_all_that_the_file_says() -> None:
    """No list of variables that a new one could be forgotten in."""
    site = yaml.safe_load(COMPOSE)["services"]["web"]

    assert site["env_file"] == ".env"
    assert {*site["environment"]} == OF_THE_CONTAINERS


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.settings[0].name)
def test_a_setting_has_a_text_and_a_section(entry: Entry) -> None:
    assert entry.text.endswith((".", ":", "`")), f"{entry.settings}: {ADD}"
    assert entry.section


def test_no_setting_is_described_twice() -> None:
    names = [setting.name for entry in ENTRIES for setting in entry.settings]

    assert sorted(names) == sorted({*names})


def written_in_a_file(default: Any) -> str:
    if isinstance(default, tuple):
        return ",".join(default)
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_the_example_has_the_defaults_of_the_code() -> None:
    fields = Environment.model_fields
    wrong = [
        f"{setting.name}: {default!r} in the code"
        for entry in ENTRIES
        if not entry.text.endswith("Example:")
        for setting in entry.settings
        if setting.name in fields
        if setting.value != (default := written_in_a_file(fields[setting.name].default))
        if f"`{default}`" not in entry.text
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
    ("name", "text", "value", "shown"),
    [
        ("EMAIL_PORT", "A.", "587", "- Default: `587`. Value: a port, 1 to 65535."),
        ("PASSWORDS_FOR", "A.", "", "- Default: none. Value: a comma-separated list"),
        ("OIDC_NAME", "A. Default: `x`.", "", "- Default: `x`."),
        ("A", "A. Example:", "y", "- Default: none. Example: `y`."),
    ],
)
def test_a_setting_says_its_default_and_what_it_may_be(
    name: str, text: str, value: str, shown: str
) -> None:
    page = written(Entry("Site", text, (Setting(name, value),)), {name})

    assert shown in page
    assert "Example:\n" not in page


def test_names_become_code_and_pages_become_links() -> None:
    entry = Entry(
        "S",
        "Only with A_HOST, `HOST=1`. See docs/operate/backup.md.",
        (Setting("A", ""),),
    )

    page = written(entry, {"A", "A_HOST"})

    assert "Only with `A_HOST`, `HOST=1`. See [Back up and" in page
    assert "restore Bowline](../operate/backup.md)." in page


def test_a_name_that_is_also_a_word_is_code_only_where_it_is_marked() -> None:
    entry = Entry("S", "Sign-on with SAML, by `SAML=true`.", (Setting("SAML", ""),))

    assert "Sign-on with SAML, by `SAML=true`." in written(entry, {"SAML"})


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
        for name, value in {**given, **passed}.items()
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
