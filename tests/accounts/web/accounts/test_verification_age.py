"""The age of proofs on pages: shown everywhere, and what is stale leads to its end."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from accounts.lists.overview import to_do
from accounts.models import ManagedAccount
from accounts.models.states import OLD, State
from accounts.web.overview.views import MOST_NODES
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2020, 4, 26, 12, tzinfo=UTC)
SAYS = "stale since 3 May. Verify again."


@pytest.fixture
def stale(managing) -> ManagedAccount:
    return account_row(
        "old",
        environment="web",
        state=State.VERIFIED,
        verification=State.VERIFIED,
        granted_at=LONG_AGO,
        verified_at=LONG_AGO,
    )


@pytest.fixture
def fresh() -> ManagedAccount:
    now = datetime.now(UTC)
    return account_row(
        "new",
        account_id="933333333333",
        state=State.VERIFIED,
        verification=State.VERIFIED,
        granted_at=now,
        verified_at=now - timedelta(days=6),
    )


def test_the_overview_says_what_is_stale_and_leads_to_it(viewer, stale, fresh) -> None:
    page = viewer.get("/").content.decode()

    assert "1 account was verified more than 7 days ago. Verify it again." in page
    assert 'href="/accounts/?verification=stale">View accounts</a>' in page
    assert "<title>old (922222222222): outdated, verify again</title>" in page
    assert page.count(SAYS) == 1
    assert "6 days ago" in page


def test_several_are_counted() -> None:
    for n in range(3):
        account_row(
            f"a{n}",
            account_id=f"{n:012}",
            verification="verified",
            verified_at=LONG_AGO,
        )

    texts = [item.text for item in to_do(Counter(), [], person("viewer"))]

    assert (
        texts[0] == "3 accounts were verified more than 7 days ago. Verify them again."
    )


def test_the_list_is_filtered_to_what_is_stale(viewer, stale, fresh) -> None:
    page = viewer.get("/accounts/?verification=stale")

    assert [row.name for row in page.context["page"]] == ["old"]
    assert SAYS in page.content.decode()
    assert '<option value="stale" selected>' in page.content.decode()


@pytest.mark.parametrize(
    ("word", "names"), [("stale or outdated", ["old"]), ("verified", ["new"])]
)
def test_the_counts_lead_to_as_many(viewer, stale, fresh, word, names) -> None:
    counts = [(one.title, n) for one, n in viewer.get("/").context["states"]]
    page = viewer.get("/accounts/", {"state": word})

    assert (word, len(names)) in counts
    assert [row.name for row in page.context["page"]] == names


def test_the_account_says_since_when(viewer, stale, fresh) -> None:
    assert SAYS in viewer.get(stale.get_absolute_url()).content.decode()
    page = viewer.get(fresh.get_absolute_url()).content.decode()
    assert "6 days ago" in page
    assert "stale since" not in page


def test_environments_tell_stale_accounts_apart(viewer, stale) -> None:
    ManagedAccount.objects.bulk_create(
        ManagedAccount(name=f"a{n}", account_id=f"{n:012}", environment="web")
        for n in range(MOST_NODES)
    )

    (web,) = viewer.get("/").context["matrix"].first

    assert dict(web.counts) == {"draft": MOST_NODES, OLD: 1}


def test_the_settings_say_how_old_a_proof_may_be(viewer, settings) -> None:
    site = "/settings/?tab=site"
    assert "Become stale after 7 days" in viewer.get(site).content.decode()

    settings.VERIFICATION_MAX_AGE = 0

    assert "Never become stale" in viewer.get(site).content.decode()
    account_row(state="verified", verification="verified", verified_at=LONG_AGO)
    managing_row()
    ((column, _),) = viewer.get("/").context["states"]
    assert column.title == "verified"
