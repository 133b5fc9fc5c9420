"""The connection with Spinnaker by the API: what a test saw, and another one."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import Question
from tests.accounts.api.calling import detail
from tests.accounts.spinnaker.connecting import spinnaker_row
from tests.rows import account_row, managing_row

SEEN = {
    "name": "Sign-in",
    "outcome": "passed",
    "sentence": "Bowline is robot.",
    "fix": "",
}


def test_what_the_last_test_saw_is_read(reader):
    spinnaker_row(
        "https://gate.example.com", tested_at=timezone.now(), result=[SEEN], secret="x"
    )

    answer = reader.read("/spinnaker")

    shown = answer.json()
    assert (shown["url"], shown["release"]) == ("https://gate.example.com", "2026.2")
    assert (shown["is_tested"], shown["checks"]) == (False, [SEEN])
    assert "secret" not in shown


def test_a_worker_tests_it_once_at_a_time(operator):
    spinnaker_row()

    answers = [operator.post("/spinnaker/test") for _ in range(2)]

    assert [one.status_code for one in answers] == [202, 202]
    assert answers[0].json()["is_tested"]
    assert Question.objects.get().times_asked == 1


def test_without_a_connection_there_is_nothing_to_test(operator):
    for answer in (operator.read("/spinnaker"), operator.post("/spinnaker/test")):
        assert "Spinnaker isn't connected" in detail(answer, 404)


def test_what_clouddriver_needs_once_is_a_file(reader):
    refused = reader.read("/spinnaker/clouddriver-local.yml")
    managing_row()
    answer = reader.read("/spinnaker/clouddriver-local.yml")

    assert detail(refused) == "Set up the managing account first."
    assert answer["Content-Type"] == "application/yaml"
    assert "poll" in answer.content.decode().lower()


def test_what_each_service_needs_once_is_a_file(reader, managing):
    account_row(verification="verified")

    orca = reader.read("/spinnaker/services/orca")
    deck = reader.read("/spinnaker/services/deck")

    assert 'account: "staging"' in orca.content.decode()
    assert orca["Content-Type"] == "application/yaml"
    assert deck["Content-Type"] == "text/javascript"
    assert "settings-local.js" in deck["Content-Disposition"]


def test_a_service_that_needs_nothing_has_no_file(reader, managing):
    assert reader.read("/spinnaker/services/orca").status_code == 404
    assert reader.read("/spinnaker/services/echo").status_code == 422


def test_how_spinnaker_is_run_is_read_and_said(reader, operator, managing):
    before = reader.read("/spinnaker/run-by").json()
    answer = operator.put("/spinnaker/run-by", {"run_by": "kustomize"})
    refused = operator.put("/spinnaker/run-by", {"run_by": "kleat"})

    assert before == {"run_by": ""}
    assert answer.json() == {"run_by": "kustomize"}
    assert refused.status_code == 422
    assert reader.read("/spinnaker/run-by").json() == {"run_by": "kustomize"}
