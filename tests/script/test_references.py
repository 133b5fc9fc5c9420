"""Reference pages are what the API and the commands say of themselves."""

from __future__ import annotations

import json
from argparse import ArgumentParser

import jsonschema
from django.core.management.base import BaseCommand

from accounts.api.problems import Code
from accounts.management.command import EXIT_CODES
from script.reference import (
    DOCS,
    adopt_schema,
    api_reference,
    command_reference,
    commands_reference,
    names,
    scopes_by_name,
    services_reference,
)


def test_the_page_is_what_the_api_says() -> None:
    assert (DOCS / "reference" / "api-reference.md").read_text() == api_reference(), (
        "docs/reference/api-reference.md is out of date: run script/reference. "
        "A client knows an operation by its name: do not change one."
    )


def test_every_operation_and_every_code_is_on_the_page() -> None:
    page = api_reference()

    assert "| `approve_run` | `POST /runs/{number}/approve` | `approve` |" in page
    assert len(scopes_by_name()) > 90
    assert [one for one in Code if f"\n### {one}\n" not in page] == []


def test_the_schema_of_a_report_is_what_the_api_answers_with() -> None:
    schema = adopt_schema()

    assert (DOCS / "adopt.schema.json").read_text() == schema, (
        "docs/adopt.schema.json is out of date: run script/reference."
    )
    jsonschema.Draft202012Validator.check_schema(json.loads(schema))
    assert "x-name" not in schema


class Command(BaseCommand):
    help = "Try it"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="of accounts")
        parser.add_argument("--all", action="store_true", help="all of them")
        parser.add_argument("--threads", type=int, default=16, help="at a time")
        parser.add_argument("--out", required=True, metavar="FILE", help="where to")
        parser.add_argument("--share", metavar="N%", help="10%% by default")


def test_the_page_is_what_the_commands_say() -> None:
    assert (
        DOCS / "reference" / "command-line.md"
    ).read_text() == commands_reference(), (
        "docs/reference/command-line.md is out of date: run script/reference."
    )


def test_every_command_is_on_the_page() -> None:
    page = commands_reference()

    assert {"onboard", "verify", "check_activity"} <= {*names()}
    for name in names():
        assert f"\n## {name}\n" in page
    assert "| |" not in page.replace("|  |", "| |")


def test_a_command_has_its_own_arguments_and_none_of_django() -> None:
    page = command_reference("verify", Command())

    assert page.startswith("## verify\n\nTry it.\n")
    assert "python manage.py verify [NAME…] [OPTION…]" in page
    assert "| `[NAME…]` | of accounts |" in page
    assert "| `--all` | all of them |" in page
    assert "| `--threads THREADS` | at a time; 16 by default |" in page
    assert "| `--out FILE` | where to; required |" in page
    assert "| `--share N%` | 10% by default |" in page
    assert "--verbosity" not in page


def test_exit_codes_are_one_table() -> None:
    page = commands_reference()

    assert page.lower().count("exit code") == 1
    for code, what in EXIT_CODES.items():
        assert f"\n| {code} | {what} |\n" in page


def test_the_page_of_settings_is_what_the_rows_say() -> None:
    page = services_reference()

    assert (DOCS / "reference" / "service-settings.md").read_text() == page, (
        "docs/reference/service-settings.md is out of date: run script/reference."
    )
    assert page.count("| `default.bake.account` |") == 1
