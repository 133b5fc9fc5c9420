"""An existing Spinnaker by the pages: its files, the report, and its accounts added."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from django.apps import apps
from django.core import serializers
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.mapping.adopting import keeping
from accounts.models import (
    Activity,
    Adoption,
    ManagedAccount,
    ManagingAccount,
    Question,
    Spinnaker,
    Upload,
)
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from accounts.web.adopting import views
from onboarding.accounts_file import FileProblems
from onboarding.accounts_file.reader import Problem
from onboarding.bounded_yaml import MOST_BYTES
from tests.accounts.management.test_adopt import SCHEMA, gate
from tests.accounts.mapping.adopted import decided_since
from tests.accounts.web.answers import work
from tests.onboarding.adopting.documents import aws, halconfig, loaded, spring, stored
from tests.onboarding.adopting.test_secrets import (
    ACCESS_KEY,
    PLANTED,
    planted,
    sources,
)
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

ADOPT = "/accounts/adopt/"
IDENTITY = "arn:aws:iam::111111111111:role/SpinnakerAuthRole"
ACCOUNTS = {
    "aws": {
        "enabled": True,
        "accounts": [
            aws("dev"),
            aws("test", "210987654321"),
            aws("-Bad", "111111111111"),
        ],
    }
}


def send(client: Client, files: dict[str, bytes], **said: str) -> Any:
    sent = [SimpleUploadedFile(name, content) for name, content in files.items()]
    return client.post(ADOPT, {"sources": sent, **said})


def reported(client: Client, files: dict[str, bytes], **said: str) -> str:
    answer = send(client, files, **said)
    assert answer.status_code == 302, words(answer)
    return str(answer.url)


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_report_says_what_can_be_taken_and_why_not_the_rest(operator) -> None:
    page = operator.get(reported(operator, halconfig(ACCOUNTS)))

    said = words(page)
    assert "Bowline can take 2 of 3 accounts" in said
    assert "1 account is left as it is." in said
    assert "Add 2 accounts" in said
    listed = {one.name: groups for one, groups in page.context["listed"]}
    assert [*listed] == ["-Bad", "dev", "test"]
    assert listed["-Bad"][0][0] == "Can't be taken"
    assert listed["-Bad"][0][1][0].name == "name"
    assert listed["dev"][-1][0] == "Taken"
    assert "config" in said
    assert not ManagedAccount.objects.exists()


def test_accounts_are_searched_and_filtered(operator) -> None:
    report = reported(operator, halconfig(ACCOUNTS))

    found = {
        query: [one.name for one in operator.get(f"{report}?{query}").context["page"]]
        for query in ("text=BA", "outcome=taken", "outcome=left&text=dev", "type=ecs")
    }

    assert found == {
        "text=BA": ["-Bad"],
        "outcome=taken": ["dev", "test"],
        "outcome=left&text=dev": [],
        "type=ecs": [],
    }


def test_the_report_is_downloaded_as_the_command_writes_it(operator) -> None:
    report = reported(operator, halconfig(ACCOUNTS))

    as_json = operator.get(f"{report}report.json").content
    as_text = operator.get(f"{report}report.txt").content.decode()

    jsonschema.validate(json.loads(as_json), SCHEMA)
    assert json.loads(as_json)["counts"]["taken"] == 2
    assert as_text.startswith("Sources\n- Halyard config: config, deployment default.")


def test_the_same_files_again_lead_to_the_report_that_exists(operator) -> None:
    first = reported(operator, halconfig(ACCOUNTS))

    again = send(operator, halconfig(ACCOUNTS))

    assert again.url == first
    assert "so this is the same report" in words(operator.get(first))
    assert Adoption.objects.count() == 1
    assert "1 of 1 account" in words(operator.get(f"{first}?text=dev"))
    assert first in words(operator.get(ADOPT))


def everything() -> str:
    """Write every row of the site, of the questions and their files, too."""
    rows = [
        row
        for app in ("accounts", "sessions")
        for model in (
            apps.get_app_config(app).get_models() if apps.is_installed(app) else []
        )
        for row in model._default_manager.all()
    ]
    sent = b"".join(one.content for one in Question.objects.all()).decode()
    return serializers.serialize("json", rows) + sent


def test_no_secret_of_a_file_is_stored_shown_or_logged(
    operator, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    Spinnaker.objects.create(url="https://gate.example.com")
    monkeypatch.setattr(keeping, "gate_of", gate(**stored_answers()))
    said = ""
    for files in sources():
        report = reported(operator, files)
        waiting = reported(operator, files, gate="on")
        said += everything()
        work()
        said += words(operator.get(operator.get(waiting).url))
        said += words(operator.get(report)) + words(operator.get(f"{report}report.txt"))
    broken = {"clouddriver.yml": f"aws: {{accounts: [{PLANTED}: ".encode()}
    said += words(send(operator, broken))

    said += everything() + caplog.text
    assert "prod" in said
    for secret in (PLANTED, ACCESS_KEY, "4711471147"):
        assert secret not in said


def stored_answers() -> dict[str, bytes]:
    answers = stored(planted())
    return {"aws": answers["aws.json"], "kubernetes": answers["kubernetes.json"]}


def test_a_worker_reads_the_connected_spinnaker_as_well(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    Spinnaker.objects.create(url="https://gate.example.com")
    other = {"aws": {"accounts": [aws("dev", environment="other")]}}
    answers = {"loaded": loaded(other)["credentials.json"]}
    monkeypatch.setattr(keeping, "gate_of", gate(**answers))
    waiting = reported(operator, halconfig(ACCOUNTS), gate="on")

    first = words(operator.get(waiting))
    work()
    page = operator.get(operator.get(waiting).url)

    assert "Reading the connected Spinnaker" in first
    row = Adoption.objects.get()
    assert row.gate
    kinds = {one["kind"] for one in row.report["findings"]}
    assert kinds >= {"not-in-effect", "not-loaded"}
    assert "the connected Spinnaker" in words(page)


def test_a_spinnaker_that_does_not_answer_is_said(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    Spinnaker.objects.create(url="https://gate.example.com")
    monkeypatch.setattr(keeping, "gate_of", gate(aws=404))
    waiting = reported(operator, {}, gate="on")
    work()

    page = operator.get(waiting, follow=True)

    assert "list the stored aws accounts" in words(page)
    assert not Adoption.objects.exists()


def test_gate_is_offered_where_spinnaker_is_connected_only(operator) -> None:
    assert "Also read the connected Spinnaker" not in words(operator.get(ADOPT))
    assert "Choose one or more files" in words(send(operator, {}, gate="on"))


def test_files_of_one_name_are_all_read(operator) -> None:
    kubeconfig = b"kind: Config\nusers: []\nclusters: []\n"
    config = halconfig(ACCOUNTS)["config"]
    sent = [SimpleUploadedFile("config", one) for one in (config, kubeconfig)]

    operator.post(ADOPT, {"sources": sent})

    (row,) = Adoption.objects.all()
    assert [one["name"] for one in row.files] == ["config", "2/config"]
    assert row.can_be_taken == 2


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "Choose one or more files"),
        ({"x.yml": b"a: 1"}, "x.yml: This is no Halyard config"),
        ({"config": b"a: [1"}, "config: Line "),
        ({f"{n}.yml": b"" for n in range(101)}, "At most 100 files"),
        ({"config": b"x" * (MOST_BYTES + 1)}, "16 MB each"),
        (dict.fromkeys("ab", b"x" * (MOST_BYTES * 3 // 4 + 1)), "24 MB in total"),
    ],
    ids=["none", "no source", "broken", "many", "large", "in all"],
)
def test_what_cannot_be_read_is_said_in_a_sentence(
    operator, files: dict[str, bytes], why: str
) -> None:
    page = send(operator, files)

    assert page.status_code == 200
    assert why in alert(page)
    assert not Adoption.objects.exists()


def alert(page: Any) -> str:
    """Return what the page says went wrong."""
    _, _, rest = words(page).partition("There's no report yet.</strong>")
    return rest.partition("</div>")[0]


def test_a_request_that_is_too_large_is_not_even_parsed(operator) -> None:
    page = send(operator, dict.fromkeys("ab", b"x" * MOST_BYTES))

    assert "24 MB in total" in alert(page)
    assert not page.context["form"].is_bound


def test_one_process_reads_the_files_of_one_request_at_a_time(operator) -> None:
    with keeping.one_at_a_time():
        page = send(operator, halconfig(ACCOUNTS))

    assert "reading another Spinnaker" in words(page)
    assert reported(operator, halconfig(ACCOUNTS))


def test_accounts_are_added_by_the_preview_of_an_accounts_file(operator) -> None:
    report = reported(operator, halconfig(ACCOUNTS))
    add = words(operator.get(f"{report}add/"))
    said = {"access_role": "BowlineAccess", "identity": IDENTITY}

    preview = operator.post(f"{report}add/", said).url
    seen = operator.get(preview).context["upload"].digest
    nothing_yet = ManagedAccount.objects.count()
    operator.post(preview, {"save": "1", "seen": seen})

    assert "install a bundle" in add
    assert "nothing to add" not in add
    assert "-Bad" in add
    assert nothing_yet == 0
    managing = ManagingAccount.objects.get()
    assert managing.managed_role == "spinnakerManaged"
    assert managing.account_id == "111111111111"
    rows = ManagedAccount.objects.order_by("name")
    assert [(one.name, one.access_role, one.adopts) for one in rows] == [
        ("dev", "BowlineAccess", True),
        ("test", "BowlineAccess", True),
    ]


def test_an_existing_managing_account_needs_no_identity(operator) -> None:
    managing_row(managed_role="spinnakerManaged")
    report = reported(operator, halconfig(ACCOUNTS))

    page = operator.get(f"{report}add/")
    preview = operator.post(f"{report}add/", {"access_role": ""})

    assert "Spinnaker's identity" not in words(page)
    assert preview.url == Upload.objects.get().get_absolute_url()


def test_a_report_for_another_managed_role_adds_nothing(operator) -> None:
    report = reported(operator, halconfig(ACCOUNTS))
    managing_row(managed_role="another")

    page = operator.post(f"{report}add/", {"access_role": ""})

    assert "Bowline&#x27;s managed role is another" in words(page)
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "This field is required"),
        ({"identity": "me"}, "isn&#x27;t valid"),
        ({"identity": IDENTITY, "access_role": "a/b"}, "isn&#x27;t valid"),
    ],
)
def test_a_wrong_answer_saves_nothing(operator, said: dict[str, str], why: str) -> None:
    report = reported(operator, halconfig(ACCOUNTS))

    page = operator.post(f"{report}add/", said)

    assert why in words(page)
    assert not ManagingAccount.objects.exists()


def test_a_file_that_cannot_be_saved_saves_no_managing_account(
    operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> str:
        raise FileProblems([Problem(1, "Someone else was faster.")])

    monkeypatch.setattr(views, "place_of_preview", refuse)
    report = reported(operator, halconfig(ACCOUNTS))

    page = operator.post(f"{report}add/", {"identity": IDENTITY})

    assert "Nothing is saved" in words(page)
    assert not ManagingAccount.objects.exists()
    assert not Activity.objects.filter(what=Activity.What.DESCRIBE).exists()


def test_an_account_that_exists_holds_up_no_other(operator) -> None:
    managing_row(managed_role="spinnakerManaged")
    account_row("other", account_id="123456789012")
    report = reported(operator, halconfig(ACCOUNTS))

    page = operator.get(f"{report}add/")
    add_all(operator, report)

    assert "other:name" in page.content.decode()
    assert {*ManagedAccount.objects.values_list("name", flat=True)} == {"other", "test"}


def add_all(client: Client, report: str, **said: Any) -> Any:
    """Preview the accounts of a report, and save what changes."""
    answer = client.post(f"{report}add/", said)
    assert answer.status_code == 302, words(answer)
    preview = client.get(answer.url)
    if preview.context and "upload" in preview.context:
        seen = preview.context["upload"].digest
        client.post(answer.url, {"save": "1", "seen": seen})
    return preview


def test_a_conflict_is_asked_about_and_answered(operator) -> None:
    add_all(operator, reported(operator, halconfig(ACCOUNTS)), identity=IDENTITY)
    decided_since(environment="team")
    dev = aws("dev", environment="live", regions=[{"name": "eu-west-1"}])
    report = reported(operator, halconfig({"aws": {"accounts": [dev]}}))
    asked = {"asked": "dev:environment"}

    page = words(operator.get(f"{report}add/"))
    add_all(operator, report, **asked)
    kept = ManagedAccount.objects.get(name="dev")
    again = words(operator.get(f"{report}add/"))

    assert "team" in page
    assert "olga" in page
    assert "Use the sources’ value" in page
    assert "No longer in the sources" in page
    assert "Nothing to change" not in page
    assert (kept.environment, kept.regions) == ("team", ["eu-west-1"])
    assert "Use the sources’ value" not in again


def test_an_answer_alone_is_kept(operator) -> None:
    add_all(operator, reported(operator, halconfig(ACCOUNTS)), identity=IDENTITY)
    before = decided_since(environment="team")
    dev = aws("dev", environment="live")
    report = reported(operator, halconfig({"aws": {"accounts": [dev]}}))

    page = add_all(operator, report, asked="dev:environment")
    after = ManagedAccount.objects.values().get(name="dev")

    assert "Nothing changes. Bowline keeps its values." in words(page)
    assert {**before, "adopted_from": ""} == {**after, "adopted_from": ""}
    assert after["adopted_from"]["environment"] == "live"


def test_a_limited_operator_describes_no_managing_account(operator) -> None:
    olga = person("operator", username="olga")
    limit(olga, OPERATOR, ["test"], by=None)
    operator.force_login(olga)
    report = reported(operator, halconfig(ACCOUNTS))

    answer = operator.post(f"{report}add/", {"identity": IDENTITY})

    assert answer.status_code == 403
    assert not ManagingAccount.objects.exists()


def test_three_hundred_accounts_take_as_many_queries_as_three(operator) -> None:
    many = [aws(f"team-{n:03}", f"{10**11 + n}") for n in range(300)]
    pages = [
        reported(operator, spring({"aws": {"accounts": accounts}}))
        for accounts in (many[:3], many)
    ]
    counts = []
    for page in pages:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            shown = operator.get(page)
        counts.append(len(queries))

    assert counts[0] == counts[1] < 20
    assert len(shown.context["listed"]) == 50
    assert "1–50 of 300 accounts" in words(shown)
