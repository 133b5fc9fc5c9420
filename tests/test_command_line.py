"""The command line in a fresh clone: what works at once, and what asks for more."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from accounts.management import commands
from accounts.management.command import EXIT_CODES, FAILED
from onboarding import VERSION
from script.emulated_organization import (
    ACCESS_ROLE,
    MANAGING,
    MEMBERS,
    Credentials,
)
from tests.fresh_clone import FreshClone

ONBOARD = ".venv/bin/python manage.py onboard accounts.yaml"
MIGRATE_FIRST = (
    "CommandError: The database doesn't have the tables of this version of Bowline: "
    "run `python manage.py migrate` first.\n"
)


@pytest.fixture
def clone(fresh_clone: FreshClone) -> FreshClone:
    """Describe an account of the emulated organization in a fresh clone."""
    (fresh_clone.folder / "accounts.yaml").write_text(
        f"managing: {{name: {MANAGING.name}, account_id: '{MANAGING.account_id}'}}\n"
        f"accounts: [{{name: dev, account_id: '{MEMBERS[0].account_id}', "
        f"regions: [us-east-1], access_role: {ACCESS_ROLE}, providers: {{ec2: {{}}}}}}]"
    )
    return fresh_clone


def test_it_plans_without_a_key_and_without_a_database(
    clone: FreshClone, organization: Credentials
) -> None:
    first = clone.run(ONBOARD, **organization.environment)
    second = clone.run(ONBOARD, **organization.environment)

    database = clone.folder / "var" / "bowline.sqlite3"
    assert first.returncode == 2, first.stderr
    assert "+ role spinnakerManaged in dev" in first.stdout
    assert told(first.stderr) == [f"Creating the tables of a new database, {database}."]
    assert second.returncode == 2, second.stderr
    assert told(second.stderr) == []


def told(stderr: str) -> list[str]:
    """List what is told beside the hashes of the activity log, which go out, too."""
    return [line for line in stderr.splitlines() if ": Activity " not in line]


@pytest.mark.exhaustive(after=0)
def test_verify_makes_the_tables_too(clone: FreshClone) -> None:
    ending = clone.run(".venv/bin/python manage.py verify")

    assert ending.returncode == 1
    assert ending.stderr.splitlines()[1:] == [
        "CommandError: Set up the managing account first."
    ]


MANAGE = ".venv/bin/python manage.py"
PLAIN = {
    "adopt": "nothing.yaml",
    "changepassword": "somebody",
    "check_activity": "",
    "createsuperuser": "--no-input --username root --email root@example.com",
    "deliver": "",
    "export": "",
    "handoff": "--managing --output out",
    "installed": "1",
    "merge_halconfig": "accounts.yaml --bundle 1 --out config.new",
    "migrate": "--verbosity 0",
    "onboard": "nothing.yaml",
    "policy": "list",
    "reset_second_factor": "somebody",
    "verify": "",
}
"""How a person calls each command first."""
STARTS = "Creating the tables of a new database"


def test_every_command_says_in_a_sentence_what_a_fresh_clone_has_not(
    clone: FreshClone,
) -> None:
    files = Path(commands.__path__[0]).glob("[!_]*.py")
    assert {path.stem for path in files} == {*PLAIN}

    wrong = {}
    for name, arguments in PLAIN.items():
        helped = clone.run(f"{MANAGE} {name} --help")
        (clone.folder / "var" / "bowline.sqlite3").unlink(missing_ok=True)
        ending = clone.run(f"{MANAGE} {name} {arguments}")
        said = [one for one in told(ending.stderr) if not one.startswith(STARTS)]
        if (
            (helped.returncode, helped.stderr) != (0, "")
            or len(said) != (ending.returncode == FAILED)
            or ending.returncode not in EXIT_CODES
        ):
            wrong[name] = (helped.stderr, ending.returncode, ending.stderr)

    assert wrong == {}


def test_a_mistyped_command_or_option_is_answered_with_the_nearest(
    clone: FreshClone,
) -> None:
    command = clone.run(f"{MANAGE} onbord accounts.yaml")
    option = clone.run(f"{ONBOARD} --aprove --threads=2")

    assert (command.returncode, option.returncode) == (1, 1)
    assert "Did you mean onboard?" in command.stderr
    assert option.stderr == (
        "Error: unrecognized arguments: --aprove. Did you mean --approve? "
        "See manage.py onboard --help.\n"
    )


def test_a_version_is_bowlines(clone: FreshClone) -> None:
    asked = ("--version", "version --help", "verify --version")

    said = {clone.run(f"{MANAGE} {one}").stdout for one in asked}

    assert said == {f"Bowline {VERSION}\n"}


def test_what_is_logged_is_on_standard_error_and_not_on_a_terminal(
    clone: FreshClone,
) -> None:
    add = f"{MANAGE} createsuperuser --no-input --email a@example.com --username"
    lines = {"ACTIVITY_TO_STDOUT": "true"}

    piped = clone.run(f"{add} one", **lines)
    controlling, terminal = os.openpty()
    subprocess.run(
        ["sh", "-c", f"{add} two"],
        cwd=clone.folder,
        env={"PATH": os.environ["PATH"]},
        stderr=terminal,
        stdout=terminal,
        check=True,
        timeout=120,
    )
    os.close(terminal)
    shown = os.read(controlling, 10_000).decode()
    os.close(controlling)

    assert piped.stdout == "Superuser created successfully.\n"
    assert ": Activity 1: " in piped.stderr
    assert '"type": "bowline.activity"' in piped.stderr
    assert shown.split("\r\n") == ["Superuser created successfully.", ""]


def tables(clone: FreshClone) -> list[str]:
    with closing(sqlite3.connect(clone.folder / "var" / "bowline.sqlite3")) as database:
        rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return [name for (name,) in rows]


def test_checking_a_file_makes_no_tables(clone: FreshClone) -> None:
    ending = clone.run(f"{ONBOARD} --check")

    assert (ending.returncode, ending.stderr) == (0, "")
    assert ending.stdout == "accounts.yaml: 1 account, no errors.\n"
    assert tables(clone) == []


@pytest.mark.parametrize("command", ["onboard accounts.yaml", "verify"])
def test_a_database_with_other_tables_is_left_to_a_person(
    clone: FreshClone, command: str
) -> None:
    file = clone.folder / "var" / "bowline.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE theirs (id)")

    ending = clone.run(f".venv/bin/python manage.py {command}")

    assert (ending.returncode, ending.stderr) == (1, MIGRATE_FIRST)
    assert tables(clone) == ["theirs"]


def test_a_database_that_is_no_file_is_left_to_a_person(
    clone: FreshClone, postgres: str
) -> None:
    ending = clone.run(ONBOARD, DATABASE_URL=postgres)

    assert (ending.returncode, ending.stderr) == (1, MIGRATE_FIRST)


def test_migrating_needs_no_key(clone: FreshClone) -> None:
    migrated = clone.run(".venv/bin/python manage.py migrate --verbosity 0")
    verified = clone.run(".venv/bin/python manage.py verify")

    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert verified.stderr == "CommandError: Set up the managing account first.\n"


@pytest.mark.parametrize(
    "line",
    [
        "python manage.py runserver --noreload 127.0.0.1:0",
        "python manage.py check --deploy",
        "python manage.py makemigrations --check",
        "gunicorn bowline.wsgi --check-config",
        "celery -A bowline worker",
        "celery -A bowline beat",
    ],
)
def test_what_serves_or_checks_the_site_asks_for_the_key(
    clone: FreshClone, line: str
) -> None:
    ending = clone.run(f".venv/bin/{line}")

    assert ending.returncode != 0
    assert "SECRET_KEY isn't set" in ending.stderr
