"""`manage.py onboard` for programs, by its schema, and for a pull request."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.management import CommandError

from accounts.management.report import MOST, document, markdown
from accounts.models.states import Status
from accounts.runs import stages
from accounts.runs.scope import Scope
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from script.emulated_organization import MEMBERS
from tests.accounts.management.onboarding import Ending, onboard

pytestmark = pytest.mark.django_db(transaction=True)

SCHEMA = json.loads(Path("docs/onboard.schema.json").read_text())
DEV, STAGING = MEMBERS[:2]


def read(ending: Ending) -> dict[str, Any]:
    """Read the document, which holds what the schema describes and nothing else."""
    found: dict[str, Any] = json.loads(ending.out)
    jsonschema.validate(found, closed(SCHEMA))
    assert found["exit_code"] == ending.code
    return found


def closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: closed(value) for key, value in schema.items()}
    return told | ({"additionalProperties": False} if "properties" in told else {})


@pytest.mark.usefixtures("here")
def test_a_program_reads_the_plan_and_what_became_of_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = read(onboard(file, "--json"))
    apply_run = stages.STAGES[Status.APPLYING]

    def refused(run: Any, scope: Scope, sessions: Sessions) -> None:
        if run.account_name == DEV.name:
            raise AwsError(DEV.account_id, "CreateRole", "AWS refused it.", "Allow it.")
        apply_run(run, scope, sessions)

    monkeypatch.setitem(stages.STAGES, Status.APPLYING, refused)
    ended = read(onboard(file, "--json", "--approve", "--plan", planned["plan"]))

    assert planned["meaning"] == "something is planned and waits for approval"
    dev, staging = planned["accounts"]
    assert (dev["name"], dev["account_id"]) == (DEV.name, DEV.account_id)
    assert dev["counts"]["create"] == len(dev["changes"])
    assert "Trust" in {risk["topic"] for risk in staging["risks"]}
    assert planned["managing"]["status"] == "planned"
    assert ended["plan"] is None
    assert [one["status"] for one in ended["accounts"]] == ["failed", "verified"]
    assert ended["accounts"][0]["error"] == {
        "message": "AWS refused it.",
        "hint": "Allow it.",
    }


@pytest.mark.usefixtures("here")
def test_a_pull_request_says_what_to_read_first_and_folds_each_plan(
    file: Path, tmp_path: Path
) -> None:
    file.write_text(
        file.read_text().replace("{name: acc", "{environment: stage, name: acc")
    )
    ending = onboard(file, "--markdown", tmp_path / "plan.md")

    text = (tmp_path / "plan.md").read_text()
    digest = re.findall(r"Plan (\w{64}) waits", ending.out)[0]
    assert text.startswith("### Bowline: 2 accounts, ")
    assert f"Plan `{digest}` waits for approval." in text
    assert text.index("**New trust**") < text.index("| Account | Environment |")
    assert f"| {DEV.name} | stage | planned |" in text
    assert text.count("<details><summary>") == text.count("</details>") == 3
    assert f"+ role spinnakerManaged in {DEV.name}" in text


def test_a_program_reads_the_mistakes_of_a_file(file: Path) -> None:
    file.write_text(file.read_text().replace("regions: [us-east-1]", "regions: [x]"))

    found = read(onboard(file, "--json"))

    assert [one.partition(": ")[0] for one in found["messages"]] == [
        f"{file}:3",
        f"{file}:4",
    ]


def test_a_program_reads_what_was_refused(file: Path) -> None:
    ending = onboard(file, "--json", "--plan", "0" * 64)

    assert ending.err.startswith("CommandError: --plan says")
    assert read(ending)["messages"] == [ending.err.strip()]


def test_a_summary_that_cannot_be_written_is_named(file: Path) -> None:
    with pytest.raises(CommandError, match=r"/none/plan.md can't be written"):
        onboard(file, "--check", "--markdown", "/none/plan.md")


def test_what_others_wrote_is_no_markdown() -> None:
    text = markdown(document(1, messages=["@team <b> | `x` [a](b)\n# big"]))

    assert "- &#64;team &lt;b&gt; &#124; &#96;x&#96; &#91;a&#93;(b) &#35; big\n" in text


def test_a_comment_takes_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    run = {
        "name": "one",
        "environment": "",
        "status": "planned",
        "run": 1,
        "counts": {"create": 1, "update": 0, "delete": 0},
        "risks": [],
        "error": None,
    }
    monkeypatch.setattr(
        "accounts.management.report.folded", lambda _: "x" * (MOST // 3)
    )
    found = {**document(2), "accounts": [run] * 5}

    text = markdown(found)

    assert len(text) < 65_536
    assert text.rstrip().endswith(
        "3 accounts more: the output of the command has their plans."
    )
