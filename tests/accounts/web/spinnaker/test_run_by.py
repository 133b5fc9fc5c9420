"""How Spinnaker is run is asked once, and what Spinnaker has now is one page."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Activity, Bundle, ManagingAccount
from onboarding.spinnaker.bundle.readme import WAYS
from tests.bundles import core, with_every_provider
from tests.factories import topology
from tests.rows import bundle_row, managing_row, person

pytestmark = pytest.mark.django_db

SAY = "/settings/spinnaker/run-by/"


def text(client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def said() -> str:
    return ManagingAccount.objects.get().run_by


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.key)
def test_what_is_said_is_shown_first_and_nothing_is_asked_again(operator, way) -> None:
    managing_row()
    bundle_row(with_every_provider())
    before = text(operator, "/bundles/1/")

    answer = operator.post(SAY, {"run_by": way.key, "bundle": "1"})
    page = text(operator, "/bundles/1/")

    assert answer.url == "/bundles/1/"
    assert "Bowline then shows the" in before
    assert "Bowline then shows the" not in page
    assert f'<h2 id="next">Next, with {way.title}</h2>' in page
    assert page.count(f"With {way.title}<") == 0
    assert page.count("<h3>With ") == len(WAYS) - 1
    assert ("Spinnaker 2026.3 removes Halyard" in page) is (way.key == "halyard")


def test_it_is_on_record_once(operator, managing) -> None:
    for _ in range(2):
        answer = operator.post(SAY, {"run_by": "kustomize"})

    assert answer.url == "/bundles/now/"
    assert said() == "kustomize"
    (entry,) = Activity.objects.filter(what="settings")
    assert entry.detail == {"run by": "kustomize"}


def test_it_can_be_taken_back(operator) -> None:
    managing_row(run_by="live")

    operator.post(SAY, {"run_by": ""})

    assert said() == ""


@pytest.mark.parametrize("other", ["kleat", "kustomize ", "\0", "x" * 99])
def test_no_other_way_is_recorded(operator, other: str) -> None:
    managing_row(run_by="live")

    operator.post(SAY, {"run_by": other})

    assert said() == "live"


@pytest.mark.parametrize("number", ["9", "x", "²", "1" * 30, "-1"])
def test_a_bundle_that_there_is_not_leads_to_what_spinnaker_has(
    operator, number: str
) -> None:
    managing_row()

    answer = operator.post(SAY, {"run_by": "live", "bundle": number})

    assert answer.url == "/bundles/now/"


def test_without_a_managing_account_it_says_so(operator) -> None:
    page = operator.post(SAY, {"run_by": "live"}, follow=True).content.decode()

    assert "Set up the managing account first." in page


def test_one_page_says_what_spinnaker_has(operator, managing) -> None:
    unknown = text(operator, "/bundles/now/")
    bundle_row(topology(core()), 1)
    bundle_row(topology(core(environment="live")), 2)
    Bundle.objects.filter(number=1).update(
        installed_at=timezone.now(), installed_by_name="olga"
    )

    page = text(operator, "/bundles/now/")

    assert "Unknown. No bundle is marked as installed." in unknown
    assert "by olga" in page
    assert "bundle 2 would change 1 account" in page
    for other in ("/bundles/", "/bundles/deliveries/", "/settings/spinnaker/"):
        assert 'aria-label="Spinnaker"' in text(operator, other)
        assert f'href="{other}"' in page


def test_its_pages_are_one_place_of_the_rail(client) -> None:
    client.force_login(person("administrator"))
    for url in ("/bundles/now/", "/settings/spinnaker/"):
        page = text(client, url)
        rail = page[page.index('aria-label="Main"') :].partition("</nav>")[0]
        here = rail[: rail.index("aria-current")].rsplit("<a ", 1)[1]
        assert 'href="/bundles/"' in here, url
