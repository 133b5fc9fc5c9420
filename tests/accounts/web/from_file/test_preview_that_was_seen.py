"""Two people save one uploaded file: each saves only the preview that they saw."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import ManagedAccount, Upload
from tests.rows import account_row, person

CSV = (
    b"name,account_id,environment,regions,external_id,ec2\n"
    b"new,9333-3333-3333,test,us-east-1,yes,yes\n"
    b"staging,9222-2222-2222,test,us-east-1,yes,yes\n"
)


@pytest.fixture
def operator(client: Client, managing) -> Client:
    account_row("staging", account_id="922222222222")
    client.force_login(person("operator"))
    return client


@pytest.fixture
def preview(operator: Client) -> str:
    file = {"file": SimpleUploadedFile("a.csv", CSV)}
    return str(operator.post("/accounts/file/", file).url)


def the_form(page: Any) -> dict[str, str]:
    """Return what the browser sends when the person saves what the page shows."""
    return {"save": "1", "seen": page.context["upload"].digest}


def test_a_preview_that_only_somebody_else_saw_is_not_saved(operator, preview) -> None:
    seen = the_form(operator.get(preview))
    ManagedAccount.objects.filter(name="staging").update(regions=["eu-west-1"])
    other = Client()
    other.force_login(person("operator", username="other"))
    theirs = the_form(other.post(preview, seen, follow=True))  # refused, and renewed

    page = operator.post(preview, seen, follow=True)

    assert "The preview changed after you opened it" in page.content.decode()
    assert ManagedAccount.objects.get(name="staging").regions == ["eu-west-1"]
    assert not ManagedAccount.objects.filter(name="new").exists()
    assert the_form(page) == theirs != seen
    operator.post(preview, the_form(page))
    assert ManagedAccount.objects.get(name="staging").regions == ["us-east-1"]


@pytest.mark.parametrize("sent", [{}, {"seen": ""}, {"seen": "0" * 64}])
def test_a_save_that_names_no_preview_is_refused(operator, preview, sent) -> None:
    page = operator.post(preview, {"save": "1", **sent}, follow=True)

    assert "Nothing is saved yet" in page.content.decode()
    assert Upload.objects.get().saved_at is None
    assert not ManagedAccount.objects.filter(name="new").exists()


def test_the_page_sends_the_digest_of_what_it_shows(operator, preview) -> None:
    page = operator.get(preview)

    digest = Upload.objects.get().digest
    assert f'name="seen" value="{digest}"' in page.content.decode()
    assert len(digest) == 64
