"""A halconfig merged on a page: seen, never kept, never shown where it is secret."""

from __future__ import annotations

import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.views.debug import SafeExceptionReporterFilter

from tests.accounts.management.test_merge_halconfig import COLLIDING, CONFIG, SECRET
from tests.bundles import core, with_every_provider
from tests.factories import topology
from tests.rows import bundle_row

pytestmark = pytest.mark.django_db

PAGE = "/bundles/1/halconfig/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def bundle():
    return bundle_row(topology(core()))


def posted(client, config: str | bytes, **more: object):
    content = config.encode() if isinstance(config, str) else config
    headers = more.pop("headers", {})
    file = SimpleUploadedFile("config", content)
    return client.post(PAGE, {"file": file, **more}, headers=headers)


def test_the_page_asks_for_the_file(operator, bundle) -> None:
    page = operator.get(PAGE).content.decode()

    assert (
        "Merge into the Halyard config"
    ) in page or "Merge into the Halyard config" in page
    assert 'type="file"' in page
    assert "Install the merged config" not in page


@pytest.mark.parametrize("way", ["file", "pasted"])
def test_it_shows_what_changes_and_no_secret(operator, bundle, way: str) -> None:
    response = (
        posted(operator, CONFIG, show="1")
        if way == "file"
        else operator.post(PAGE, {"pasted": CONFIG, "show": "1"})
    )

    page = response.content.decode()
    assert "aws: 1 added" in page
    assert "assumeRole" in page
    assert "install -m 600 config.new ~/.hal/config" in page
    assert SECRET not in page
    assert "no-store" in response["Cache-Control"]


def test_what_the_config_has_wrong_stands_before_the_diff(operator) -> None:
    bundle_row(with_every_provider())
    off = "[{name: staging, accountId: '922222222222', lambdaEnabled: false}]"
    config = CONFIG.replace("[]", off)

    page = posted(operator, config, folder="/srv/bowline", show="1").content.decode()

    found, diff = page.index("Problems in your Halyard config"), page.index("diff-row")
    assert "Spinnaker shows none of its functions" in page[found:diff]
    assert "Spinnaker shows no functions of any account" in page[found:diff]


def test_htmx_gets_the_outcome_only(operator, bundle) -> None:
    page = posted(operator, CONFIG, show="1", headers=HTMX).content.decode()

    assert page.lstrip().startswith('<div id="merged"')


def test_the_download_has_everything_unchanged(operator, bundle) -> None:
    response = posted(operator, CONFIG, download="1")

    text = response.content.decode()
    assert response["Content-Disposition"] == 'attachment; filename="config.new"'
    assert f"secretAccessKey: {SECRET}" in text
    assert 'name: "core"' in text
    assert "no-store" in response["Cache-Control"]


def test_nothing_of_the_file_is_logged(operator, bundle, caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        posted(operator, CONFIG, show="1")
        posted(operator, CONFIG.replace("enabled", "enabeld"), show="1")

    assert SECRET not in caplog.text


def test_a_crash_report_hides_what_was_pasted(operator, bundle) -> None:
    request = operator.post(PAGE, {"pasted": CONFIG}).wsgi_request

    told = SafeExceptionReporterFilter().get_post_parameters(request)

    assert SECRET not in str(told)


def test_a_name_is_asked_before_anything_is_given(operator, bundle) -> None:
    page = posted(operator, COLLIDING, download="1").content.decode()

    assert "Name conflicts" in page
    assert "hal&#x27;s core is AWS account 000000000008, not 911111111111" in page
    assert 'name="take_over" value="core"' in page


@pytest.mark.parametrize(
    ("answer", "account_id"),
    [({"take_over": "core"}, "911111111111"), ({}, "000000000008")],
)
def test_the_answer_says_whose_a_name_is(
    operator, bundle, answer: dict[str, str], account_id: str
) -> None:
    response = posted(operator, COLLIDING, download="1", asked="core", **answer)

    assert account_id in response.content.decode()
    assert "attachment" in response["Content-Disposition"]


def test_a_ticked_box_stays_ticked(operator, bundle) -> None:
    page = posted(operator, COLLIDING, show="1", take_over="core").content.decode()

    assert 'id="take-core" checked' in page
    assert "taken over" in page


def test_what_hal_refuses_is_told_with_its_line(operator, bundle) -> None:
    config = CONFIG.replace("enabled", "enabeld")

    page = posted(operator, config, show="1").content.decode()

    assert "Nothing is merged." in page
    assert "Line 6: hal knows no" in page
    assert SECRET not in page


def test_50_mb_are_answered_with_a_sentence(operator, bundle) -> None:
    page = posted(operator, b"x" * 50_000_000, show="1").content.decode()

    assert "The file is too large for a Halyard config" in page


def test_a_file_of_several_megabytes_is_read(operator, bundle) -> None:
    padding = "".join(f"# {'x' * 100}\n" for _ in range(40_000))

    page = posted(operator, CONFIG + padding, show="1").content.decode()

    assert "aws: 1 added" in page


def test_megabytes_cannot_be_pasted(operator, bundle) -> None:
    page = operator.post(PAGE, {"pasted": "#" * 3_000_000}).content.decode()

    assert "Choose the file instead." in page


@pytest.mark.parametrize("config", [b"", b"\xff\xfe\x00"])
def test_a_file_that_is_no_text_is_told(operator, bundle, config: bytes) -> None:
    assert "Nothing is merged." in posted(operator, config, show="1").content.decode()


def test_an_empty_form_is_told(operator, bundle) -> None:
    page = operator.post(PAGE, {"show": "1"}).content.decode()

    assert "Choose the Halyard config, or paste its text." in page


def test_a_bundle_that_is_not_there_is_not_found(operator) -> None:
    assert operator.get(PAGE).status_code == 404


def test_the_bundle_leads_there(operator, bundle) -> None:
    assert PAGE in operator.get("/bundles/1/").content.decode()
