"""Bundles: built on request, read file by file, downloaded whole."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Bundle
from accounts.models.states import State
from accounts.spinnaker.bundles import MOST_CHARACTERS
from tests.bundles import core
from tests.factories import topology
from tests.rows import account_row, bundle_row

README_PAGE = "/bundles/1/files/README.md"

FILES = {
    "README.md": "# Read me\n",
    "hal/apply.sh": "#!/bin/bash\necho '<b>'\n",
    "kubernetes/apps/kubeconfig.yml": "kind: Config\n",
}


def ready_bundle(number: int = 1, files: dict[str, str] = FILES) -> Bundle:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    bundle = Bundle.objects.create(
        number=number,
        status=Bundle.Status.READY,
        archive=buffer.getvalue(),
        size=len(buffer.getvalue()),
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
        files=[
            {
                "path": path,
                "size": len(text),
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
            for path, text in files.items()
        ],
    )
    Bundle.objects.update(created_at=datetime(2026, 3, 1, tzinfo=UTC))
    bundle.accounts.add(account_row(f"a{number}", account_id=f"{number:012}"))
    return bundle


def test_it_is_built_on_request(operator, managing) -> None:
    account = account_row(verification=State.VERIFIED)

    response = operator.post("/bundles/build/")

    bundle = Bundle.objects.get()
    assert response.url == "/bundles/1/"
    assert list(bundle.accounts.all()) == [account]
    assert bundle.created_by.get_username() == "operator"


def test_the_list_is_newest_first(operator) -> None:
    ready_bundle(1)
    ready_bundle(2)

    response = operator.get("/bundles/")

    assert [bundle.number for bundle in response.context["page"]] == [2, 1]


def test_an_empty_list_says_what_comes_first(operator) -> None:
    page = operator.get("/bundles/").content.decode()

    assert "No accounts to bundle yet" in page
    assert "bundles/build/" not in page


def test_with_ready_accounts_it_offers_to_build(operator) -> None:
    account_row(verification=State.VERIFIED)

    page = operator.get("/bundles/").content.decode()

    assert 'action="/bundles/build/"' in page
    assert "Build a bundle of 1 account</button>" in page


def test_a_bundle_with_a_choice_is_previewed_first(operator) -> None:
    account_row(state=State.FAILED, verification=State.VERIFIED)

    page = operator.get("/bundles/").content.decode()

    assert "bundles/build/" not in page
    assert 'class="btn btn-primary" href="/bundles/next/"' in page


def test_its_files_open_with_its_readme(operator) -> None:
    bundle = ready_bundle()

    opened = operator.get("/bundles/1/").content.decode()
    page = operator.get(README_PAGE).content.decode()

    assert f'href="{README_PAGE}"' in opened
    assert "<h3>Read me</h3>" in page
    assert bundle.sha256 in page


def test_markdown_is_shown_as_text_on_request(operator) -> None:
    ready_bundle()

    page = operator.get(README_PAGE + "?text=1").content.decode()

    assert '<span class="gh"># Read me</span>' in page
    assert "Show formatted" in page


def test_the_next_commands_can_be_copied(operator) -> None:
    ready_bundle()

    response = operator.get("/bundles/1/")

    halyard, *others = response.context["installations"]
    assert [one.way.key for one in others] == ["live"]
    lines = [command.line for command in halyard.commands]
    assert lines[0] == "unzip -o bowline-1-2026-03-01.zip -d bowline && cd bowline"
    assert lines[1] == "./verify.sh"
    assert lines[2] == "hal/apply.sh --dry-run"
    assert lines[3].startswith("hal/apply.sh && ")
    page = response.content.decode()
    assert 'data-copy="./verify.sh"' in page
    assert 'href="/help/docs/command-line/#merge_halconfig"' in page


@pytest.mark.parametrize(
    ("tab", "has"),
    [
        ("accounts", ">a1</a>"),
        ("changes", "There's no earlier bundle"),
        ("load", "Load on Spinnaker"),
        ("none", "With Halyard"),
    ],
)
def test_its_parts_have_addresses(operator, tab: str, has: str) -> None:
    ready_bundle()

    page = operator.get("/bundles/1/", {"tab": tab}).content.decode()

    nav = page[page.index('aria-label="Bundle 1"') :]
    here = nav[: nav.index('aria-current="page"')].rsplit("href=", 1)[1]
    assert has in page
    assert (f"tab={tab}" in here) is (tab != "none")


def test_its_accounts_are_paged(operator, monkeypatch) -> None:
    monkeypatch.setattr("accounts.http.PAGE", 1)
    ready_bundle().accounts.add(account_row("b", account_id="8" * 12))

    page = operator.get("/bundles/1/?tab=accounts&page=2").content.decode()

    assert ">b</a>" in page
    assert ">a1</a>" not in page
    assert "2–2 of" in page


@pytest.mark.parametrize(
    ("installed", "said"),
    [
        (None, "not marked as installed"),
        (1, "in Spinnaker since"),
        (2, 'not in Spinnaker. Installed: <a href="/bundles/2/">Bundle 2</a>'),
    ],
)
def test_the_heading_says_whether_spinnaker_has_it(operator, installed, said) -> None:
    ready_bundle(1)
    ready_bundle(2)
    rows = Bundle.objects.filter(number=installed)
    rows.update(installed_at=timezone.now())

    page = " ".join(operator.get("/bundles/1/").content.decode().split())

    assert said in page
    assert ("Mark as installed</button>" in page) is (installed != 1)


def test_the_list_says_what_changes_and_what_is_in_spinnaker(operator) -> None:
    for number in (1, 2, 3):
        bundle_row(topology(core()), number)
    now = timezone.now()
    same = dict.fromkeys(("create", "update", "delete", "files"), 0)
    Bundle.objects.update(changes={"since": 1, **same})
    Bundle.objects.filter(number=1).update(
        installed_at=now - timedelta(days=1), changes={"since": 0, **same, "create": 86}
    )
    Bundle.objects.filter(number=2).update(installed_at=now)

    page = " ".join(operator.get("/bundles/").content.decode().split())

    newest, middle, oldest = (
        page[page.index(f'id="row-{number}"') :].partition("</tr>")[0]
        for number in (3, 2, 1)
    )
    assert "none</span>" in newest
    assert "since" in middle
    assert "+86" in oldest
    assert "before</span>" in oldest


def test_a_file_is_shown_escaped_and_coloured(operator) -> None:
    ready_bundle()

    page = operator.get("/bundles/1/files/hal/apply.sh").content.decode()

    assert "&lt;b&gt;" in page
    assert 'aria-current="page"' in page
    assert hashlib.sha256(FILES["hal/apply.sh"].encode()).hexdigest() in page


@pytest.mark.parametrize("path", ["none.txt", "hal", "hal/../README.md", "%2e%2e/x"])
def test_a_file_that_it_has_not_is_not_found(operator, path: str) -> None:
    ready_bundle()

    assert operator.get(f"/bundles/1/files/{path}").status_code == 404


def test_lines_wrap_on_request(operator) -> None:
    ready_bundle()

    wrapped = operator.get(README_PAGE + "?text=1&wrap=1").content.decode()
    plain = operator.get(README_PAGE + "?text=1").content.decode()

    assert "code-wrap" in wrapped
    assert "code-wrap" not in plain


def test_a_long_file_is_shown_in_part_and_says_so(operator) -> None:
    ready_bundle(files={"README.md": "x" * (MOST_CHARACTERS + 7)})

    page = operator.get(README_PAGE).content.decode()

    assert "The zip contains 7 more characters" in page
    assert len(page) < MOST_CHARACTERS + 20_000


def test_a_large_bundle_names_only_the_first_files(operator, monkeypatch) -> None:
    monkeypatch.setattr("accounts.web.bundles.views.MOST_FILES", 1)
    ready_bundle()

    assert "and 2 more in the zip" in operator.get(README_PAGE).content.decode()


def test_while_it_is_built_the_page_looks_again(operator) -> None:
    Bundle.objects.create(number=1)

    page = operator.get("/bundles/1/").content.decode()

    assert 'data-every="2000"' in page
    assert "Download bundle" not in page


def test_a_failed_one_says_why(operator) -> None:
    Bundle.objects.create(number=1, status=Bundle.Status.FAILED, error="No endpoint.")

    page = operator.get("/bundles/1/").content.decode()

    assert "No endpoint." in page
    assert 'data-every="0"' in page


def test_the_zip_is_handed_out_as_it_was_built(operator) -> None:
    bundle = ready_bundle()

    response = operator.get("/bundles/1/download/")

    assert hashlib.sha256(response.content).hexdigest() == bundle.sha256
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="bowline-1-2026-03-01.zip"'
    )


def test_what_is_not_ready_cannot_be_downloaded(operator) -> None:
    Bundle.objects.create(number=1)

    assert operator.get("/bundles/1/download/").status_code == 404
