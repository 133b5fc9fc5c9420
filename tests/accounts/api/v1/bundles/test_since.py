"""Two bundles compared by the API: at once, or by a worker and read again."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.discover import comparisons
from accounts.models import Question
from onboarding.resources.entry_changes import OPEN_TO_ALL
from onboarding.topology import Permissions
from tests.accounts.api.calling import detail
from tests.accounts.web.answers import work
from tests.bundles import core, staging
from tests.factories import managed, provider, topology
from tests.rows import bundle_row

PATH = "/bundles/2/since/1"
SAYS = (
    "Compared with bundle 1: 1 AWS account added, "
    "1 Spinnaker account changed (aws), 1 AWS account removed (3 Spinnaker accounts: "
    "1 aws, 1 ecs, 1 kubernetes)."
)


@pytest.fixture(autouse=True)
def bundles(db: None) -> None:
    qa = managed(provider("ec2"), name="qa", account_id="933333333333")
    bundle_row(topology(core(permissions=Permissions((), ("team",))), staging()), 1)
    bundle_row(topology(core(environment="live"), qa), 2)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "MOST_BYTES", 0)


def verbs(answer: Any) -> dict[str, str]:
    listed = answer.json()["changes"]["changed_accounts"]
    return {one["name"]: one["verb"] for one in listed}


def test_it_says_what_changes_between_two_bundles(reader):
    answer = reader.read(PATH)

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["number"], shown["since"], shown["sentence"]) == (2, 1, SAYS)
    assert shown["page"] == "http://testserver/bundles/2/since/1/"
    assert shown["changes"]["accounts"] == {"create": 1, "update": 1, "delete": 3}
    assert verbs(answer) == {
        "core": "update",
        "qa": "create",
        "staging": "delete",
        "staging-ecs": "delete",
        "staging-apps": "delete",
    }


def test_it_says_which_fields_change_and_what_opens_to_everybody(reader):
    (core_account,) = (
        one
        for one in reader.read(PATH).json()["changes"]["changed_accounts"]
        if one["name"] == "core"
    )

    assert core_account["fields"] == [
        {"name": "permissions", "before": "WRITE: team", "after": ""},
        {"name": "environment", "before": "", "after": "live"},
    ]
    assert core_account["risks"] == [OPEN_TO_ALL]
    assert core_account["before"]["name"] == core_account["after"]["name"] == "core"


def test_a_file_has_both_of_its_texts(reader):
    files = reader.read(PATH).json()["changes"]["changed_files"]

    by_verb = {one["verb"]: one for one in files}
    assert by_verb["delete"]["after"] is None
    assert by_verb["update"]["before"] != by_verb["update"]["after"]
    assert not any(one["is_long"] for one in files)


def test_equal_bundles_have_nothing_that_changed(reader):
    bundle_row(topology(core(environment="live")), 4)
    bundle_row(topology(core(environment="live")), 5)

    shown = reader.read("/bundles/5/since/4").json()

    assert shown["sentence"] == "Nothing changed. Both bundles are identical."
    assert shown["changes"]["changed_accounts"] == []


@pytest.mark.parametrize("path", ["/bundles/1/since/2", "/bundles/2/since/2"])
def test_only_an_earlier_bundle_is_compared(reader, path):
    assert reader.read(path).status_code == 404


def test_a_worker_compares_large_ones_and_the_answer_says_where_it_is(reader, large):
    first = reader.read(PATH)
    waiting = reader.read(first.json()["path"])
    work()
    shown = reader.read(waiting.json()["path"])

    assert (first.status_code, waiting.status_code) == (202, 202)
    assert first.json() == waiting.json()
    assert first.json()["in_progress"] is True
    assert first.json()["changes"] is None
    assert first.json()["sentence"] == (
        "Bundle 2 is compared with Bundle 1. A worker compares them, which takes a few "
        "seconds."
    )
    assert shown.status_code == 200
    assert (shown.json()["path"], shown.json()["sentence"]) == (PATH, SAYS)
    assert Question.objects.get().times_asked == 1


def test_a_comparison_that_failed_is_a_problem_and_no_empty_answer(
    reader, large, monkeypatch
):
    path = reader.read(PATH).json()["path"]
    with monkeypatch.context() as patched:
        patched.setattr(
            "accounts.discover.comparisons.changes_between", lambda digests: 1 / 0
        )
        work()

    for asked in (path, PATH):
        assert detail(reader.read(asked)) == (
            "The accounts could not be compared. See the worker's log."
        )
    assert Question.objects.get().times_asked == 1
