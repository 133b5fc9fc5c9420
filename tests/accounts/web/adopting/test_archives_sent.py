"""Profiles and archives by the pages."""

from __future__ import annotations

import pytest

from tests.accounts.web.adopting.test_adopting import ACCOUNTS, reported, send, words
from tests.onboarding.adopting.documents import aws, halconfig, spring
from tests.onboarding.adopting.test_files import zip_of

pytestmark = pytest.mark.django_db


def test_a_profile_next_to_the_config_or_in_an_archive_hides_its_list(operator) -> None:
    files = {
        **halconfig(ACCOUNTS),
        **spring({"aws": {"accounts": [aws("dev")]}}),
    }
    home = {
        "config": "config",
        "clouddriver-local.yml": "profiles/clouddriver-local.yml",
    }
    archive = zip_of({home[name]: content for name, content in files.items()})

    pages = [
        operator.get(reported(operator, sent)) for sent in (files, {"hal.zip": archive})
    ]

    for page in pages:
        assert [one.account.name for one in page.context["listed"]] == ["dev"]


def test_an_archive_that_cannot_be_read_is_said_in_a_sentence(operator) -> None:
    answer = send(operator, {"hal.zip": b"PK\x03\x04x"})

    assert "hal.zip: This archive can&#x27;t be read." in words(answer)
