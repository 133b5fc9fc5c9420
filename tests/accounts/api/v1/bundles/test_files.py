"""A file of a bundle by the API, as on the bundle's page."""

from __future__ import annotations

import pytest

from accounts.api.v1 import bundles
from accounts.models import Bundle
from tests.bundles import with_every_provider
from tests.rows import bundle_row


def test_it_has_the_text_of_a_file_in_a_folder(reader):
    bundle_row(with_every_provider(), 3)
    listed = reader.read("/bundles/3").json()["files"]
    file = next(one for one in listed if one["path"].startswith("clouddriver/"))

    answer = reader.read(f"/bundles/3/files/{file['path']}")

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["path"], shown["sha256"]) == (file["path"], file["sha256"])
    assert "staging" in shown["text"]
    assert shown["excluded"] == 0


def test_of_a_long_file_it_has_as_much_as_the_page(reader, monkeypatch):
    bundle_row(with_every_provider(), 3)
    whole = reader.read("/bundles/3/files/README.md").json()["text"]
    monkeypatch.setattr(bundles, "MOST_CHARACTERS", 10)

    shown = reader.read("/bundles/3/files/README.md").json()

    assert (shown["text"], shown["excluded"]) == (whole[:10], len(whole) - 10)


@pytest.mark.parametrize("path", ["nothing", "../README.md", "clouddriver"])
def test_what_it_does_not_list_is_a_404(reader, path):
    bundle_row(with_every_provider(), 3)

    assert reader.read(f"/bundles/3/files/{path}").status_code == 404


def test_a_bundle_that_is_not_built_has_no_files(reader):
    Bundle.objects.create(number=7)

    assert reader.read("/bundles/7/files/README.md").status_code == 404
