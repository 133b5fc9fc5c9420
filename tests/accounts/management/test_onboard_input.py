"""`manage.py onboard`: what it reads, as whom it acts, and what it says is lost."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.utils import timezone

from accounts.management.command import acting_person
from accounts.management.plain_text import kept_deletions
from accounts.models import ApiToken, ManagedAccount
from accounts.models.people import Scope
from accounts.tokens.api_tokens import make
from tests.accounts.management.onboarding import Ending, onboard
from tests.plans import FIVE, losing_run
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db


CSV = "name;account_id;regions;ec2\na;922222222222;us-east-1;yes\n"

YAML = (
    "accounts:\n- {name: a, account_id: '922222222222', regions: [us-east-1], "
    "providers: {ec2: {}}}\n"
)


def test_a_csv_file_is_read_by_its_name(tmp_path: Path) -> None:
    table = tmp_path / "accounts.CSV"
    table.write_text(CSV)

    assert onboard(table, "--check") == Ending(
        0, f"{table}: 1 account, no errors.\n", ""
    )


def test_a_problem_has_the_line_of_its_row(tmp_path: Path) -> None:
    table = tmp_path / "accounts.csv"
    table.write_text(CSV.replace("us-east-1", "us-est-1"))

    ending = onboard(table, "--check")

    assert ending.code == 1
    assert ending.err.startswith(f"{table}:2: regions: “us-est-1” isn't a Region")


@pytest.mark.parametrize("text", [CSV, YAML], ids=["CSV", "YAML"])
def test_standard_input_is_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    assert onboard("-", "--check") == Ending(0, "-: 1 account, no errors.\n", "")


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--threads", "0", "0 isn't a number from 1 to 100,000"),
        ("--bundle", "no/out.zip", "no/out.zip can't be written: its folder is"),
        ("--markdown", "no/plan.md", "no/plan.md can't be written: its folder is"),
    ],
)
def test_what_would_fail_at_the_end_is_refused_first(
    tmp_path: Path, option, value, says
) -> None:
    file = tmp_path / "accounts.yaml"
    file.write_text(f"managing: {{name: core, account_id: '{FIVE[0]}'}}\n{YAML}")

    with pytest.raises(CommandError, match=says):
        onboard(file, option, value)
    assert not ManagedAccount.objects.exists()


@pytest.mark.parametrize(
    ("left", "allowed", "kept"),
    [
        (FIVE[:1], None, True),
        (FIVE[:1], ["another"], True),
        (FIVE[:1], [], True),
        (FIVE[:1], ["core"], False),
        (FIVE[:4], None, True),
        (FIVE[:4], [], False),
    ],
)
def test_what_is_lost_is_allowed_as_deletions_are(left, allowed, kept) -> None:
    assert any(kept_deletions(losing_run(left), allowed)) == kept


def test_it_is_said_with_names_and_what_to_do() -> None:
    managing_row()
    account_row("web-prod", account_id=FIVE[1])
    run = losing_run()

    assert list(kept_deletions(run, None)) == [
        "After this plan, Spinnaker can no longer assume roles in 4 accounts: web-prod "
        "(222222222222), 333333333333, 444444444444, and 1 more.",
        "Review the plan, then allow it: --allow-delete core",
    ]
    assert list(kept_deletions(run, [])) == [
        "After this plan, Spinnaker can no longer assume roles in 4 accounts: web-prod "
        "(222222222222), 333333333333, 444444444444, and 1 more. That is more than a "
        "third of the 5 roles on its list.",
        "To allow it, name the account: --allow-delete core",
    ]


def token(
    monkeypatch: pytest.MonkeyPatch, *scopes: str, role: str = "approver"
) -> None:
    someone = person(role, username="olga")
    until = timezone.now() + timedelta(days=1)
    text = make(someone, uuid.uuid4(), name="ci", scopes=list(scopes), expires_at=until)
    monkeypatch.setenv("BOWLINE_TOKEN", text)


def test_the_tokens_person_acts_and_its_use_is_noted(monkeypatch) -> None:
    token(monkeypatch, Scope.APPROVE)

    found = acting_person(None, Scope.APPROVE)

    assert found is not None
    assert found.username == "olga"
    assert acting_person("olga", Scope.APPROVE) == found
    assert ApiToken.objects.get().last_used_at is not None


@pytest.mark.parametrize(
    ("scope", "role", "name", "says"),
    [
        (Scope.READ, "approver", None, "needs the scope approve"),
        (Scope.APPROVE, "operator", None, "BOWLINE_TOKEN: "),
        (Scope.APPROVE, "approver", "paul", "isn't paul's"),
    ],
    ids=["allows less", "of a person who lost the role", "somebody else's"],
)
def test_a_token_is_refused_that(monkeypatch, scope, role, name, says) -> None:
    token(monkeypatch, scope, role=role)
    person("operator", username="paul")

    with pytest.raises(CommandError, match=says):
        acting_person(name, Scope.APPROVE)


def test_a_token_that_opens_nothing_is_refused(monkeypatch) -> None:
    token(monkeypatch, Scope.APPROVE)
    ApiToken.objects.update(revoked_at=timezone.now())

    with pytest.raises(CommandError, match="This token was revoked"):
        acting_person(None, Scope.APPROVE)
    monkeypatch.setenv("BOWLINE_TOKEN", "bowline-api-no")
    with pytest.raises(CommandError, match="the token isn't valid"):
        acting_person(None, Scope.APPROVE)


def test_without_a_token_whoever_is_named_acts(monkeypatch) -> None:
    monkeypatch.delenv("BOWLINE_TOKEN", raising=False)
    paul = person("operator", username="paul")

    assert acting_person("paul", Scope.APPROVE) == paul
    assert acting_person(None, Scope.APPROVE) is None


def test_a_deactivated_person_is_nobody(monkeypatch) -> None:
    monkeypatch.delenv("BOWLINE_TOKEN", raising=False)
    person("operator", username="paul", is_active=False)

    with pytest.raises(CommandError, match="--by: paul is deactivated"):
        acting_person("paul", Scope.OPERATE)
