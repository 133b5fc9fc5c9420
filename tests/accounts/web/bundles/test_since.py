from __future__ import annotations

import pytest

from accounts.models import Bundle
from accounts.web.bundles.comparing import PAGE as PAGE_OF
from onboarding.spinnaker.bundle.comparison import MOST_ACCOUNTS
from tests.bundles import core
from tests.factories import managed, provider, topology
from tests.rows import bundle_row

PAGE = "/bundles/2/since/1/"


def test_it_shows_what_changed(operator, two_bundles) -> None:
    page = " ".join(operator.get(PAGE).content.decode().split())

    assert (
        "1 AWS account added, 1 Spinnaker account changed "
        "(aws), 1 AWS account removed (3 Spinnaker accounts: 1 aws, 1 ecs, "
        "1 kubernetes)."
    ) in page
    for text in ("environment", "live", "staging-ecs", "qa"):
        assert text in page


def test_the_same_accounts_are_no_change(operator) -> None:
    for number in (1, 2):
        bundle_row(topology(core()), number)

    assert "No changes" in operator.get(PAGE).content.decode()


@pytest.mark.parametrize("page", ["/bundles/1/since/2/", "/bundles/2/since/2/"])
def test_only_an_earlier_bundle_can_be_compared(operator, two_bundles, page) -> None:
    assert operator.get(page).status_code == 404


def test_a_bundle_that_is_not_ready_cannot_be_compared(operator, two_bundles) -> None:
    Bundle.objects.filter(number=1).update(status=Bundle.Status.FAILED)

    assert operator.get(PAGE).status_code == 404


def test_a_bundle_names_the_earlier_ones(operator, two_bundles) -> None:
    assert PAGE in operator.get("/bundles/2/?tab=changes").content.decode()


def test_many_accounts_are_counted(operator) -> None:
    many = [
        managed(provider("ec2"), name=f"a{n}", account_id=f"{n:012}")
        for n in range(MOST_ACCOUNTS + 3)
    ]
    bundle_row(topology(core()), 1)
    bundle_row(topology(core(), *many), 2)

    assert "and 3 more." in operator.get(PAGE).content.decode()


def test_more_than_a_page_is_paged_and_says_how_many(operator) -> None:
    many = [
        managed(
            provider("ec2"), name=f"a{n}", account_id=f"{n:012}", environment=f"e{n}"
        )
        for n in range(PAGE_OF + 4)
    ]
    bundle_row(topology(core()), 1)
    bundle_row(topology(core(), *many), 2)

    first, second = (
        operator.get(PAGE, {"page": number}).content.decode() for number in (1, 2)
    )

    assert first.count("data-change=") == PAGE_OF
    assert "data-part" in first
    assert f"1–{PAGE_OF} of" in first
    assert 'href="?page=2#c54"' in first
    assert 'id="c54"' in second


def test_files_are_shown_with_what_changes_in_them(operator, two_bundles) -> None:
    page = operator.get(PAGE)

    review = page.context["review"]
    cards = {card.key.name: card for card in review.cards}
    assert cards["clouddriver/clouddriver-local.yml"].diff.added
    assert "kubernetes/" in " ".join(name for name in cards if cards[name].verb)
    html = page.content.decode()
    assert "data-review" in html
    assert 'href="#c1"' in html
