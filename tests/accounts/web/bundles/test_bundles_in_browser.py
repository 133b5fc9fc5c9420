"""The pages of bundles in a real browser, on a phone."""

from __future__ import annotations

import pytest

from tests.accounts.web.browsing import width_of
from tests.bundles import core, with_every_provider
from tests.factories import topology
from tests.rows import bundle_row, managing_row, person

PAGES = (
    "/bundles/2/since/1/",
    "/bundles/2/",
    *(f"/bundles/2/?tab={tab}" for tab in ("accounts", "changes", "load")),
    "/bundles/2/files/README.md",
    "/bundles/now/",
)


@pytest.mark.smoke
def test_no_page_is_wider_than_a_phone(signed_in, transactional_db: None) -> None:
    person("operator")
    managing_row()
    bundle_row(topology(core()), 1)
    bundle_row(with_every_provider(), 2)
    page = signed_in(viewport={"width": 320, "height": 700})

    for path in PAGES:
        page.goto(path)
        assert width_of(page) <= 320, path
