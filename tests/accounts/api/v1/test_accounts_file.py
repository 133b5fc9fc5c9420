"""An accounts file by the API: saved as a whole, previewed, and read again."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Activity, KeptAnswer, ManagedAccount, ManagingAccount
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from onboarding.accounts_file.reader import TOO_LARGE
from onboarding.bounded_yaml import MOST_BYTES
from tests.accounts.api.calling import Caller, detail
from tests.accounts.spinnaker.connecting import spinnaker_row
from tests.accounts.web.answers import work
from tests.rows import managing_row

PATH = "/api/v1/accounts-file"
FILE = """\
managing:
  name: core
  account_id: "911111111111"
accounts:
  - name: staging
    account_id: "922222222222"
    environment: staging
    regions: [us-east-1]
    providers: {ec2: {}}
  - name: production
    account_id: "933333333333"
    regions: [us-east-1]
    providers: {lambda: {}}
"""


def send(caller: Caller, text: str, path: str = PATH, kind: str = "yaml", **more: Any):
    kinds = {"yaml": "application/yaml", "csv": "text/csv; charset=utf-8"}
    return caller.generic("POST", path, text, kinds[kind], **more)


def test_a_file_is_saved_from_nothing(operator):
    answer = send(operator, FILE)

    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "new": ["staging", "production"],
        "changed": [],
        "same": 0,
        "left_alone": 0,
        "managing": True,
    }
    assert ManagingAccount.objects.get().name == "core"
    rows = ManagedAccount.objects.order_by("name")
    assert [(row.name, row.state) for row in rows] == [
        ("production", "draft"),
        ("staging", "draft"),
    ]
    described = Activity.objects.filter(what="describe")
    assert {*described.values_list("who", "detail__token")} == {("operator", "ci")}


def test_an_edit_says_what_it_changed_and_leaves_others_alone(operator):
    send(operator, FILE)
    one, _ = FILE.split("  - name: production")

    answer = send(operator, one.replace("[us-east-1]", "[us-east-1, eu-west-1]"))

    assert answer.json() == {
        "new": [],
        "changed": ["staging"],
        "same": 0,
        "left_alone": 1,
        "managing": False,
    }
    assert ManagedAccount.objects.count() == 2


def test_a_preview_keeps_neither_accounts_nor_entries(operator):
    headers = {"Idempotency-Key": "one"}

    answers = [send(operator, FILE, f"{PATH}/preview", headers=headers) for _ in "ab"]

    assert answers[0].json() == answers[1].json()
    assert KeptAnswer.objects.count() == 1
    assert not ManagedAccount.objects.exists()
    assert not ManagingAccount.objects.exists()
    assert not Activity.objects.filter(what="describe").exists()


@pytest.mark.parametrize("path", [PATH, f"{PATH}/preview"])
def test_each_mistake_is_said_and_nothing_is_saved(operator, path):
    wrong = FILE.replace("us-east-1", "mars-east-1")

    answer = send(operator, wrong, path)

    assert "mars-east-1" in detail(answer, 422)
    assert [one["at"] for one in answer.json()["errors"]] == ["line 8", "line 12"]
    assert not ManagingAccount.objects.exists()


def test_no_program_changes_the_connection_with_spinnaker(operator):
    row = spinnaker_row("https://gate.example.com")
    other = (
        "spinnaker: {url: https://evil.example.com, release: '2026.2', sign_in: none}\n"
    )

    answer = send(operator, f"{other}{FILE}")

    assert "Only an administrator can change it, in Settings" in detail(answer, 422)
    row.refresh_from_db()
    assert row.url == "https://gate.example.com"
    assert not ManagedAccount.objects.exists()


MANAGING, ACCOUNTS = FILE[: FILE.index("accounts:")], FILE[FILE.index("accounts:") :]


def saved_before(operator: Caller) -> None:
    assert send(operator, FILE).status_code == 200


def created_in_aws(operator: Caller) -> None:
    saved_before(operator)
    ManagedAccount.objects.update(state="verified", granted_at=timezone.now())
    ManagingAccount.objects.update(applied=[{"name": "core"}])


def limited(operator: Caller) -> None:
    saved_before(operator)
    limit(operator.person, OPERATOR, ["staging"], None)


def moved_in(text: str) -> str:
    """Say that the account of no environment is in the limited person's own."""
    return text.replace(
        'account_id: "933333333333"',
        'account_id: "933333333333"\n    environment: staging',
    )


REFUSED = {
    "no YAML": (None, "accounts: [", 422, "Invalid YAML"),
    "no managing account": (None, ACCOUNTS, 422, "Add the managing account"),
    "another connection": (
        None,
        "spinnaker: {url: https://a.example.com, release: '2026.2', sign_in: none}\n"
        f"{FILE}",
        422,
        "Only an administrator can change it",
    ),
    "unknown owner": (
        None,
        FILE.replace("managing:", "managing:\n  bakes: true\n  ami_owner: images"),
        422,
        "There's no account “images”",
    ),
    "two mistakes of accounts": (
        lambda operator: managing_row(),
        ACCOUNTS.replace("us-east-1", "mars-east-1"),
        422,
        "mars-east-1",
    ),
    "roles of one name": (
        None,
        FILE.replace("managing:", "managing:\n  base_role: BowlineManaged").replace(
            "managing:", "managing:\n  managed_role: BowlineManaged"
        ),
        422,
        "BowlineManaged",
    ),
    "another managing account": (
        created_in_aws,
        MANAGING.replace("911111111111", "944444444444"),
        422,
        "You can't change the managing account to another AWS account",
    ),
    "another maker of the managing account": (
        created_in_aws,
        MANAGING.replace("managing:", "managing:\n  made_by: owner"),
        422,
        "(made_by) while they exist",
    ),
    "an id that is somebody else's": (
        saved_before,
        ACCOUNTS.replace("name: staging", "name: other"),
        422,
        "already in Bowline, as “staging”",
    ),
    "another id of what exists": (
        created_in_aws,
        ACCOUNTS.replace("922222222222", "944444444444"),
        422,
        "You can't change the account ID",
    ),
    "the managing account of a limited role": (
        limited,
        MANAGING.replace(
            "managing:",
            "managing:\n  boundary: arn:aws:iam::911111111111:policy/baseline",
        ),
        403,
        "All environments share the managing account.",
    ),
    "a new account outside of the limit": (
        limited,
        ACCOUNTS.replace("name: production", "name: other").replace("9333", "9444"),
        403,
        "other is in no environment.",
    ),
    "an account that would come in": (limited, moved_in(ACCOUNTS), 403, "production"),
    "an account that would leave": (
        limited,
        ACCOUNTS.replace("environment: staging", "environment: other"),
        403,
        "staging is in other.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_preview_refuses_what_saving_would(operator, name):
    before, text, status, sentence = REFUSED[name]
    if before:
        before(operator)
    described = Activity.objects.count()

    preview = send(operator, text, f"{PATH}/preview")
    saved = send(operator, text)

    tries = Activity.objects.filter(what=Activity.What.REFUSED)
    assert sentence in detail(preview, status)
    assert preview.json() == saved.json()
    assert tries.count() == (status == 403)
    assert Activity.objects.count() == described + tries.count()


@pytest.mark.parametrize("managing", [MANAGING, ""])
def test_a_preview_only_reads_and_locks_nothing(operator, managing):
    saved_before(operator)
    text = f"{managing.replace('core', 'base')}{ACCOUNTS}"
    text = text.replace("us-east-1", "eu-west-1").replace("name: staging", "name: new")

    with CaptureQueriesContext(connection) as asked:
        answer = send(operator, text.replace("9222", "9444"), f"{PATH}/preview")

    assert answer.json() == {
        "new": ["new"],
        "changed": ["production"],
        "same": 0,
        "left_alone": 1,
        "managing": bool(managing),
    }
    said = [query["sql"] for query in asked]
    assert len(said) > 5
    # Django asks the database about a constraint, in a transaction of that alone.
    alone = [("SAVEPOINT", "SELECT", "RELEASE")] * bool(managing)
    first_words = [sql.split()[0] for sql in said]
    at = [n for n, word in enumerate(first_words) if word == "SAVEPOINT"]
    assert [tuple(first_words[n : n + 3]) for n in at] == alone
    assert {*first_words} - {"SAVEPOINT", "RELEASE"} == {"SELECT"}
    assert [sql for sql in said if "FOR UPDATE" in sql or "advisory" in sql] == []


def read_on(caller: Caller, answer: Any) -> Any:
    """Let a worker do it, and read it again."""
    assert (answer.status_code, answer.json()["in_progress"]) == (202, True)
    work()
    return caller.get(f"/api/v1{answer.json()['path']}")


def test_a_file_may_be_larger_than_other_bodies(operator, settings):
    """Also with a key, whose digest is of the body."""
    large = f"{FILE}#{'x' * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}\n"
    headers = {"Idempotency-Key": "one"}

    preview = read_on(operator, send(operator, large, f"{PATH}/preview"))
    saved = [send(operator, large, headers=headers) for _ in "ab"]
    other = send(operator, f"{large}#\n", headers=headers)

    assert saved[0].json() == saved[1].json()
    assert preview.json() == read_on(operator, saved[0]).json()
    assert saved[1]["Idempotency-Replayed"] == "true"
    assert "sent with another request" in detail(other, 422)
    elsewhere = send(operator, large, "/api/v1/clusters/searches")
    assert detail(elsewhere, 413) == "The body is too large."


class Body:
    """A body that counts what is read of it."""

    def __init__(self) -> None:
        self.count = self.most = 0

    readline = None

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "all of it at once"
        self.count += size
        self.most = max(self.most, size)
        return b" " * size


@pytest.mark.parametrize("path", [PATH, f"{PATH}/preview"])
@pytest.mark.parametrize(("size", "read"), [(MOST_BYTES + 1, True), (2**30, False)])
def test_a_larger_file_than_on_the_page_is_not_kept(operator, path, size, read):
    body = Body()
    more = {"CONTENT_LENGTH": str(size), "wsgi.input": body}

    answer = send(operator, "", path, **more)

    assert detail(answer, 413) == TOO_LARGE
    assert body.count == (size if read else 0)
    assert body.most <= 2**20


def test_a_file_of_whoever_may_not_send_it_is_not_read(reader):
    body = Body()
    more = {"CONTENT_LENGTH": "1000000", "wsgi.input": body}

    answer = send(reader, "", **more)

    assert detail(answer, 403)
    assert body.count == 0
