"""A report on an existing Spinnaker is kept once, as a row without a secret."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core import serializers
from django.utils import timezone

from accounts.api.v1.adoptions import report_on_spinnaker
from accounts.mapping.adopting.keeping import (
    MOST_FILES,
    MOST_IN_ALL,
    TOO_MUCH,
    CannotAdopt,
    ReportRequest,
    are_too_much,
    document_of,
    files_read,
    reported,
    sources_of,
    store_report,
    taken_of,
)
from accounts.models import Activity, AdoptedAccount, Adoption
from accounts.models.account import Unreadable
from accounts.models.question import KEPT
from accounts.tasks import delete_old
from onboarding.adopting.report import document, heads
from onboarding.adopting.wording import text
from onboarding.bounded_yaml import MOST_BYTES
from tests.accounts.management.test_onboard_report import closed
from tests.onboarding.adopting.documents import aws, halconfig, spring
from tests.onboarding.adopting.test_secrets import ACCESS_KEY, PLANTED, sources
from tests.rows import person

pytestmark = pytest.mark.django_db

SCHEMA = closed(json.loads(Path("docs/adopt.schema.json").read_text()))


@pytest.fixture
def operator() -> User:
    return person("operator")


def kept(files: dict[str, bytes], by: User, **asked: Any) -> Adoption:
    report = reported(files_read(files), role=None)
    row, _ = store_report(report, ReportRequest(sources_of(files), **asked), by)
    return Adoption.objects.get(pk=row.pk)


def test_what_is_kept_is_the_report_and_what_can_be_taken(operator: User) -> None:
    files = halconfig({"aws": {"accounts": [aws("dev"), aws("-Bad", "111111111111")]}})

    row = kept(files, operator)

    report = reported(files_read(files), role=None)
    jsonschema.validate(document_of(row), SCHEMA)
    assert document_of(row) == document(report)
    assert row.text == text(report)
    assert taken_of(row) == report.taken
    assert [one["name"] for one in row.files] == ["config"]
    (event,) = Activity.objects.filter(what=Activity.What.ADOPT)
    assert (event.who, event.detail["report"]) == ("operator", str(row.pk))


def test_no_secret_is_in_any_row(operator: User) -> None:
    for files in sources():
        kept(files, operator)

    rows = [
        row
        for model in apps.get_app_config("accounts").get_models()
        for row in model._default_manager.all()
    ]
    said = serializers.serialize("json", rows)
    assert (
        Adoption.objects.count()
        == AdoptedAccount.objects.values("adoption").distinct().count()
    )
    assert "prod" in said
    for secret in (PLANTED, ACCESS_KEY, "4711471147"):
        assert secret not in said


def test_the_same_again_makes_no_row_and_another_name_does(operator: User) -> None:
    files = spring({"aws": {"accounts": [aws("dev")]}})
    other = {"clouddriver.yml": files["clouddriver-local.yml"]}

    first, again = (kept(files, operator) for _ in range(2))
    renamed, of_gate = kept(other, operator), kept(files, operator, gate=True)

    assert first == again
    assert len({first.pk, renamed.pk, of_gate.pk}) == 3
    assert AdoptedAccount.objects.count() == 3
    assert Activity.objects.count() == 3


def test_a_text_that_no_database_takes_is_kept_as_it_can_be(operator: User) -> None:
    odd = [{"name": "a\0b", "type": "aws", "x\0": "\ud800", "accountId": "1" * 12}]
    account = aws("dev", **{"y": "z\0", "huge": "HUGE"})
    local = spring({"aws": {"accounts": [account]}})["clouddriver-local.yml"]
    files = {
        "credentials\0.json": json.dumps(odd).encode(),
        "clouddriver.yml": local.replace(b'"HUGE"', b"1e999"),
    }

    row = kept(files, operator)

    stored = json.dumps(document_of(row), allow_nan=False)
    assert "\\u0000" not in stored
    assert "a\\ufffdb" in stored
    assert row.text.encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["counts"], {"taken": 1}),
        (["counts", "left"], "1"),
        (["managed_role"], "x"),
        (["sources", 0, "kind"], "guess"),
        (["settings"], [{"provider": "aws"}]),
        (["findings"], {}),
    ],
)
def test_a_report_is_not_loaded_with_what_nothing_can_read(
    operator: User, path: list[Any], value: Any
) -> None:
    row = kept(halconfig({"aws": {"accounts": [aws("dev")]}}), operator)
    within = row.report
    for step in path[:-1]:
        within = within[step]
    within[path[-1]] = value
    row.save()

    with pytest.raises(Unreadable, match="The column report of the adoption"):
        Adoption.objects.get()


def test_an_account_of_a_report_is_not_loaded_without_its_fields(
    operator: User,
) -> None:
    kept(halconfig({"aws": {"accounts": [aws("dev")]}}), operator)
    account = AdoptedAccount.objects.get()
    del account.said["fields"][0]["value"]
    account.save()

    with pytest.raises(Unreadable, match="The column said of the adopted account"):
        AdoptedAccount.objects.get()


def test_old_reports_are_deleted(operator: User) -> None:
    row = kept(spring({"aws": {"accounts": [aws("dev")]}}), operator)
    kept(spring({"aws": {"accounts": [aws("other")]}}), operator)
    old = timezone.now() - KEPT - timedelta(minutes=1)
    Adoption.objects.filter(pk=row.pk).update(at=old)

    listed = Adoption.objects.unexpired()
    delete_old()

    assert row not in listed
    assert [one.name for one in AdoptedAccount.objects.all()] == ["other"]


@pytest.mark.parametrize(
    ("sizes", "too_much"),
    [
        ([0] * MOST_FILES, False),
        ([0] * (MOST_FILES + 1), True),
        ([MOST_BYTES, MOST_IN_ALL - MOST_BYTES], False),
        ([MOST_BYTES, MOST_IN_ALL - MOST_BYTES + 1], True),
        ([MOST_BYTES + 1], True),
    ],
)
def test_a_request_has_files_within_bounds(sizes: list[int], too_much: bool) -> None:
    assert are_too_much(sizes) is too_much


def test_the_document_has_the_words_of_the_report() -> None:
    document = Path("docs/onboard/adopting.md").read_text()
    _, _, rest = document.partition("| Field | What it means |\n|---|---|\n")

    rows = rest.partition("\n\n")[0].splitlines()
    assert [row.split(" | ")[0] for row in rows] == [
        f"| {head.lower()}" for head in heads().values()
    ]


def test_the_document_and_the_api_say_the_bounds() -> None:
    document = Path("docs/onboard/adopting.md").read_text()
    described = " ".join(str(report_on_spinnaker.__doc__).split())

    for bound in TOO_MUCH.removeprefix("At most ").rstrip(".").split(", "):
        assert bound.removesuffix(" each") in document
        assert bound.removesuffix(" each") in described


def test_files_without_accounts_make_no_report(operator: User) -> None:
    with pytest.raises(CannotAdopt, match="No source has accounts"):
        reported(files_read({}), role=None)
