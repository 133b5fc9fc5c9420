"""Accounts from a file: checked, previewed, saved as previewed, and planned."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Activity, ManagedAccount, ManagingAccount, Upload
from accounts.tasks import delete_old
from tests.rows import account_row, person

pytestmark = pytest.mark.django_db

FILE = "/accounts/file/"
HEADING = "name,account_id,environment,regions,external_id,ec2\n"
CSV = (
    HEADING
    + "new,9333-3333-3333,test,us-east-1,yes,yes\n"
    + "staging,9222-2222-2222,test,us-east-1,yes,yes\n"
    + "same,9444-4444-4444,,us-east-1,yes,yes\n"
)


@pytest.fixture
def operator(client: Client, managing) -> Client:
    account_row("staging", account_id="922222222222")
    account_row("same", account_id="944444444444")
    account_row("elsewhere", account_id="955555555555")
    client.force_login(person("operator"))
    return client


def upload(client: Client, text: str | bytes = CSV, name: str = "a.csv") -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(FILE, {"file": SimpleUploadedFile(name, content)})


def uploaded(client: Client, text: str = CSV) -> str:
    answer = upload(client, text)
    assert answer.status_code == 302
    return str(answer.url)


def save(client: Client, preview: str, **options: Any) -> Any:
    """Save what the page shows at this moment."""
    seen = client.get(preview).context["upload"].digest
    return client.post(preview, {"save": "1", "seen": seen}, **options)


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_preview_says_what_is_new_changed_and_left_alone(operator) -> None:
    page = operator.get(uploaded(operator))

    said = words(page)
    assert "<strong>1</strong> new, <strong>1</strong> changed" in said
    assert "<strong>1</strong> same. 1 account in Bowline is not in the file" in said
    assert "Save 2 accounts" in said
    rows = {one.name: one for one in page.context["page"]}
    assert [one.line for one in rows.values()] == [2, 3, 4]
    assert {"name": "ec2", "before": "", "after": "yes"} in rows["new"].changes
    assert rows["staging"].changes == [
        {"name": "environment", "before": "", "after": "test"}
    ]
    assert not ManagedAccount.objects.filter(name="new").exists()


def test_what_all_new_accounts_have_in_common_is_said_once(operator) -> None:
    lines = "".join(
        f"team-{n},93333333333{n},{environment},us-east-1,yes,yes\n"
        for n, environment in enumerate(("dev", "test", "test"))
    )

    page = operator.get(uploaded(operator, HEADING + lines))

    said = page.context["alike"]
    assert said.of == 3
    assert {"name": "ec2", "before": "", "after": "yes"} in said.changes
    assert [
        [(change["name"], change["after"]) for change in row.changes]
        for row in said.rows
    ] == [[("environment", one)] for one in ("dev", "test", "test")]
    assert words(page).count("<code>ec2</code>") == 1


def test_whether_there_is_an_external_id_and_which_are_told_apart(operator) -> None:
    line = "new,9333-3333-3333,test,us-east-1,corp-1,yes\n"
    page = operator.get(uploaded(operator, HEADING + line))

    (row,) = page.context["page"]
    changes = {change["name"]: change["after"] for change in row.changes}
    assert len(changes) == len(row.changes)
    assert (changes["external_id"], changes["own external_id"]) == ("yes", "not shown")


def test_a_changed_account_says_all_that_changes(operator) -> None:
    other = "other,9666-6666-6666,test,us-east-1,yes,yes\n"
    page = operator.get(uploaded(operator, CSV + other))

    shared = page.context["alike"].changes
    assert {"name": "environment", "before": "", "after": "test"} in shared

    (changed,) = (
        row for row in page.context["alike"].rows if row.account.what == "changed"
    )
    assert changed.changes == changed.account.changes
    assert "<code>environment</code> <span" in words(page)


def test_the_preview_is_filtered(operator) -> None:
    page = operator.get(uploaded(operator) + "?what=changed")

    assert [one.name for one in page.context["page"]] == ["staging"]


def test_what_was_previewed_is_saved_recorded_and_led_on(operator) -> None:
    preview = uploaded(operator)

    page = save(operator, preview, follow=True)

    row = Upload.objects.get()
    assert "Plan 2 accounts" in words(page)
    assert not row.accounts.exists()
    assert ManagedAccount.objects.get(name="new").created_by_name == "operator"
    assert ManagedAccount.objects.get(name="staging").environment == "test"
    said = Activity.objects.filter(what__in=("describe", "edit")).order_by("number")
    assert [(e.what, e.about, e.who) for e in said] == [
        ("describe", "new", "operator"),
        ("edit", "staging", "operator"),
    ]
    listed = operator.get(f"/accounts/?file={row.pk}").context["page"]
    assert [account.name for account in listed] == ["new", "staging"]


def test_saving_twice_saves_once(operator) -> None:
    preview = uploaded(operator)

    for _ in range(2):
        save(operator, preview)

    assert ManagedAccount.objects.count() == 4
    assert Activity.objects.filter(what="describe").count() == 1
    assert len(Upload.objects.get().saved) == 2


def test_a_description_that_changed_meanwhile_is_not_overwritten(operator) -> None:
    preview = uploaded(operator)
    ManagedAccount.objects.filter(name="staging").update(regions=["eu-west-1"])

    page = save(operator, preview, follow=True)

    assert "Someone changed these accounts in the meantime" in words(page)
    assert ManagedAccount.objects.get(name="staging").regions == ["eu-west-1"]
    assert not ManagedAccount.objects.filter(name="new").exists()
    (changed,) = [o for o in page.context["page"] if o.what == "changed"]
    assert [one["name"] for one in changed.changes] == ["environment", "regions"]
    save(operator, preview)
    assert ManagedAccount.objects.get(name="staging").regions == ["us-east-1"]


def test_an_account_that_was_added_meanwhile_is_an_error(operator) -> None:
    preview = uploaded(operator)
    account_row("theirs", account_id="933333333333")

    page = save(operator, preview)

    assert "This AWS account is already in Bowline, as “theirs”." in words(page)
    assert Upload.objects.get().saved_at is None
    assert ManagedAccount.objects.get(name="staging").environment == ""


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        (b"", "a.csv", "The file is empty."),
        (b"", "a.yaml", "The file is empty."),
        (b"PK\x03\x04", "a.csv", "This is a workbook"),
        (b"a\x00", "a.csv", "The character U+0000 isn&#x27;t allowed here."),
        (b"\xff", "a.yml", "The file isn&#x27;t UTF-8."),
        (b"x", "a.xlsx", "“a.xlsx” isn&#x27;t a .csv, .yaml, or .yml file."),
        (b"<script>", "<script>.exe", "“&lt;script&gt;.exe” isn&#x27;t a .csv"),
        (
            b"managing: {name: other, account_id: '911111111111'}\naccounts: []\n",
            "a.yaml",
            "The managing account is different in the file.",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    operator, text: bytes, name: str, sentence: str
) -> None:
    assert sentence in words(upload(operator, text, name))
    assert not Upload.objects.exists()


def test_too_large_a_file_is_refused_before_it_is_read(operator) -> None:
    page = upload(operator, b"a" * (18 * 1024 * 1024))

    assert "The file has more than 16,777,216 bytes." in words(page)


def test_an_upload_expires_and_is_deleted(operator) -> None:
    preview = uploaded(operator)
    Upload.objects.update(at=timezone.now() - timedelta(minutes=61))

    assert operator.get(preview).status_code == 404
    assert operator.post(preview, {"save": "1"}).status_code == 404
    delete_old()
    assert not Upload.objects.exists()


def test_a_discarded_file_is_gone(operator) -> None:
    operator.post(uploaded(operator), {"discard": "1"})

    assert not Upload.objects.exists()
    assert ManagedAccount.objects.count() == 3


@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_the_template_and_the_export_can_be_uploaded(operator, form: str) -> None:
    for what in ("template", "accounts-file"):
        file = operator.get(f"/{what}.{form}")
        text = file.content.replace(b"922222222222", b"966666666666")
        text = text.replace(b"9222-2222-2222", b"9666-6666-6666")
        assert f".{form}" in file["Content-Disposition"]

        assert upload(operator, text, f"a.{form}").status_code == 302

    whats = {one.what for one in Upload.objects.latest("at").accounts.all()}
    assert whats == {"same", "changed"}


def test_without_a_managing_account_it_leads_there(client) -> None:
    client.force_login(person("operator"))

    assert client.get(FILE).url == "/managing/"


def test_the_list_leads_to_it(operator) -> None:
    assert f'href="{FILE}"' in words(operator.get("/accounts/"))


def test_accounts_without_an_access_role_are_warned_of_once(operator) -> None:
    lines = ["name,account_id,regions,access_role,made_by,ec2"]
    lines += [f"a{n},{n:012},us-east-1,,,yes" for n in (100000000001, 100000000002)]
    lines += ["own,911111111111,us-east-1,,,yes"]
    lines += ["theirs,933333333333,us-east-1,,owner,yes"]
    ManagingAccount.objects.update(account_id="911111111111", access_role="")

    missing = operator.get(uploaded(operator, "\n".join(lines))).text
    given = "\n".join(lines).replace("us-east-1,,,yes", "us-east-1,Access,,yes")
    complete = operator.get(uploaded(operator, given)).text

    assert "2 accounts have no access role: Bowline would use " in missing
    assert "no access role" not in complete
