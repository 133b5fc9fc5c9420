"""What 1.x promises, as docs/reference/compatibility.md says, is recorded and kept.

Each promise of tests/data/promised/ is what callers can rely on (`given`) and what they
have to send (`needed`). The first may only grow, the second only shrink.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml
from django.core.management import load_command_class

from accounts.api.api import api
from accounts.management.command import EXIT_CODES
from onboarding.accounts_file import read_accounts_file
from onboarding.accounts_file.managed import ACCOUNT_KEYS, MANAGING_KEYS, SPINNAKER_KEYS
from onboarding.accounts_file.spreadsheet import COLUMNS
from onboarding.providers import PROVIDERS
from script.reference import APP, EXAMPLE, entries, names, of_django
from tests.bundles import files_of, with_every_provider

PROMISED = Path(__file__).parents[1] / "data" / "promised"
RENEW = (
    "1.x promises this: see docs/reference/compatibility.md. Keep it. If the next "
    "release is a new major version, raise VERSION and record what it promises: "
    "REWRITE_PROMISES=1 pytest tests/documents/test_promised.py"
)

Promise: TypeAlias = dict[str, list[str]]
"""`given` and `needed`, each sorted."""


def settings() -> Promise:
    found = [*entries(EXAMPLE.read_text())]
    named = {setting.name for one in found for setting in one.settings}
    needed = {
        s.name for one in found if one.section == "Required" for s in one.settings
    }
    return promise(named, needed)


def command_line() -> Promise:
    theirs = {action.dest for action in of_django()}
    given = {f"exit code {code}" for code in EXIT_CODES}
    needed = set()
    for name in names():
        parser = load_command_class(APP, name).create_parser("manage.py", name)
        for action in parser._actions:
            if action.dest in theirs or isinstance(action, argparse._HelpAction):
                continue
            called = action.option_strings or [action.dest]
            given |= {f"{name} {one}" for one in called}
            given |= {f"{name} {called[-1]} {one}" for one in action.choices or ()}
            if action.required:
                needed.add(f"{name} {called[-1]}")
        given.add(name)
    return promise(given, needed)


def bundle() -> Promise:
    files = files_of(with_every_provider(bakes=True))
    manifest = json.loads(files["manifest.json"])
    return promise({*files} | {f"manifest.json: {one}" for one in paths_in(manifest)})


def paths_in(value: Any, at: str = "") -> Iterator[str]:
    """Yield each key of a JSON document, with what its value is."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from paths_in(one, f"{at}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for one in value:
            yield from paths_in(one, f"{at}[]")
    else:
        yield f"{at}: {type(value).__name__}"


def accounts_file() -> Promise:
    """What reading recorded files shows in addition: see the tests below."""
    return promise(
        {f"managing.{key}" for key in MANAGING_KEYS}
        | {f"spinnaker.{key}" for key in SPINNAKER_KEYS}
        | {f"accounts[].{key}" for key in ACCOUNT_KEYS}
        | {f"accounts[].providers.{key}" for key in PROVIDERS}
        | {f"CSV: {column}" for column in COLUMNS}
    )


def openapi() -> Promise:
    document = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    given, needed = set(), set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            call = operation["operationId"]
            given.add(f"{call}: {method.upper()} {path}")
            for one in operation.get("parameters", ()):
                given.add(f"{call} takes {one['in']} {one['name']}")
                if one.get("required"):
                    needed.add(f"{call} {one['in']} {one['name']}")
            sent = operation.get("requestBody", {}).get("content", {})
            for kind, content in sent.items():
                for at, what, required in fields(document, content["schema"]):
                    given.add(f"{call} takes {kind} {at}: {what}")
                    if required:
                        needed.add(f"{call} {kind} {at}")
            for status, answer in operation["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    given.add(f"{call} answers {status} {kind}")
                    given |= {
                        f"{call} answers {status} {one}"
                        for one in answered(document, content.get("schema", {}))
                    }
    return promise(given, needed)


def answered(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    """Yield each field of an answer with all that it can be: null is one more."""
    kinds = defaultdict[str, set[str]](set)
    sure = defaultdict[str, bool](lambda: True)
    for at, what, always in fields(document, schema):
        kinds[at].add(what)
        sure[at] &= always
    for at, found in kinds.items():
        # Values may be added: they are written in quotes, and kinds are not.
        values = {one for one in found if one.startswith("'")}
        yield f"{at}: {' or '.join(sorted(found - values))}"
        yield from (f"{at}: {one}" for one in values)
        if sure[at]:
            yield f"{at} always"


def fields(
    document: dict[str, Any],
    schema: dict[str, Any],
    at: str = "",
    always: bool = True,
    inside: tuple[str, ...] = (),
) -> Iterator[tuple[str, str, bool]]:
    """Yield each field below a schema, what it is, and whether its object always has
    it.
    """
    if reference := schema.get("$ref"):
        if reference in inside:
            return
        named = document["components"]["schemas"][reference.rpartition("/")[2]]
        yield from fields(document, named, at, always, (*inside, reference))
        return
    parts = [one for key in ("anyOf", "oneOf", "allOf") for one in schema.get(key, ())]
    for part in parts:
        yield from fields(document, part, at, always, inside)
    if at and not parts:
        yield at, str(schema.get("type", "anything")), always
    if at and schema.get("nullable"):
        yield at, "null", always
    for value in schema.get("enum", ()):
        yield at, repr(str(value)), always
    if "items" in schema:
        yield from fields(document, schema["items"], f"{at}[]", False, inside)
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        path = f"{at}.{name}".removeprefix(".")
        yield from fields(document, one, path, name in required, inside)


def promise(
    given: set[str], needed: set[str] | frozenset[str] = frozenset()
) -> Promise:
    return {"given": sorted(given), "needed": sorted(needed)}


PROMISES: dict[str, Callable[[], Promise]] = {
    "accounts-file": accounts_file,
    "api": openapi,
    "bundle": bundle,
    "command-line": command_line,
    "settings": settings,
}


def broken(recorded: Promise, today: Promise) -> list[str]:
    """List what callers of the recorded version would miss, or have to add."""
    gone = [f"gone: {one}" for one in recorded["given"] if one not in {*today["given"]}]
    owners = {re.split("[ :]", one)[0] for one in recorded["given"]}
    more = {*today["needed"]} - {*recorded["needed"]}
    # What a new command or operation requires breaks nobody; a new variable does.
    asked = [one for one in more if " " not in one or one.split()[0] in owners]
    return [*gone, *(f"now required: {one}" for one in sorted(asked))]


@pytest.mark.parametrize("name", PROMISES)
def test_a_promise_is_kept(name: str) -> None:
    path = PROMISED / f"{name}.json"
    today = PROMISES[name]()
    if os.environ.get("REWRITE_PROMISES"):
        path.write_text(json.dumps(today, indent=1) + "\n")

    found = broken(json.loads(path.read_text()), today)

    assert not found, "\n".join([RENEW, *found])


def test_additions_pass_and_what_breaks_callers_does_not() -> None:
    before = promise({"a", "b"}, {"a"})

    assert broken(before, promise({"a", "b", "c"}, {"a"})) == []
    assert broken(before, promise({"a", "b"})) == []
    assert broken(before, promise({"a", "b", "new", "new x"}, {"a", "new x"})) == []
    assert broken(before, promise({"a", "b"}, {"b x"})) == ["now required: b x"]
    assert broken(before, promise({"a"}, {"a"})) == ["gone: b"]
    assert broken(before, promise({"a", "b"}, {"a", "b"})) == ["now required: b"]


def test_a_field_of_the_api_that_changes_is_another_one() -> None:
    def one(**schema: Any) -> list[tuple[str, str, bool]]:
        return [*fields({}, {"properties": {"name": schema}, "required": ["name"]})]

    assert one(type="string") == [("name", "string", True)]
    assert one(type="integer") != one(type="string")
    assert one(anyOf=[{"type": "string"}, {"type": "array"}]) == [
        ("name", "string", True),
        ("name", "array", True),
    ]


def test_an_answer_that_can_be_null_or_missing_is_another_one() -> None:
    def one(schema: dict[str, Any], *required: str) -> list[str]:
        return [*answered({}, {"properties": {"name": schema}, "required": required})]

    text = {"type": "string"}
    assert one(text, "name") == ["name: string", "name always"]
    assert one(text) == ["name: string"]
    assert one({**text, "nullable": True}) == ["name: null or string"]
    assert one({"type": "string", "enum": ["a"]}) == ["name: string", "name: 'a'"]


@pytest.mark.parametrize("name", ["every-key.yaml", "required-keys.yaml", "all.csv"])
def test_an_accounts_file_of_1_0_is_read(name: str) -> None:
    file = read_accounts_file((PROMISED / name).read_bytes(), csv=name.endswith(".csv"))

    assert file.accounts, RENEW


def test_the_recorded_accounts_file_has_every_promised_key() -> None:
    written = yaml.safe_load((PROMISED / "every-key.yaml").read_text())
    heading = (PROMISED / "all.csv").read_text().partition("\n")[0].split(",")
    accounts = written["accounts"]
    found = (
        {f"managing.{key}" for key in written["managing"]}
        | {f"spinnaker.{key}" for key in written["spinnaker"]}
        | {f"accounts[].{key}" for one in accounts for key in one}
        | {
            f"accounts[].providers.{key}"
            for one in accounts
            for key in one["providers"]
        }
        | {f"CSV: {column}" for column in heading}
    )

    promised = json.loads((PROMISED / "accounts-file.json").read_text())["given"]
    assert {*promised} - found == set()
