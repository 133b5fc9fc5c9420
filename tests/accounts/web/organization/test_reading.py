"""The page asks a worker to read the organization, and shows how far it is."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from accounts.discover.organization.reading import read_on
from accounts.models import Member, Organization
from accounts.models.organization import ROOT
from script.emulated_organization import CLOSED, MANAGING, MEMBERS
from tests.accounts.discover.organization.organizations import member_row
from tests.accounts.web.answers import messages_of
from tests.rows import managing_row, person

pytestmark = pytest.mark.django_db

URL = "/accounts/organization/"
READ, PROGRESS = f"{URL}read/", f"{URL}progress/"


def reading(**fields: object) -> None:
    started = {"started_at": timezone.now(), "finished_at": None, **fields}
    Organization.objects.update(reading=2, **started)


def test_the_emulated_organization_is_read_and_shown(client, aws) -> None:
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    client.force_login(person("operator"))
    assert "Read the organization</button>" in client.get(URL).content.decode()

    client.post(READ, {"tags": "on"})
    waits = client.get(URL).content.decode()
    read_on(Organization.objects.get())
    html = client.get(URL).content.decode()

    assert "Bowline is reading the organization" in waits
    assert f'hx-get="{PROGRESS}?unread=1" hx-trigger="every 2s"' in waits
    assert all(one.name in html for one in (MANAGING, *MEMBERS, CLOSED))
    assert Organization.objects.get().organization_id in html
    assert "Root / Workloads / Production" in html
    assert "team=platform" in html
    assert Member.objects.get(account_id=CLOSED.account_id).word == "suspended"
    assert Member.objects.filter(unit__path__endswith="Production").count() == 2


def test_one_reading_is_enough(operator) -> None:
    operator.post(READ)
    again = operator.post(READ)

    assert "is already being read" in messages_of(again)
    assert Organization.objects.get().reading == 1


def test_the_progress_counts_what_was_found_of_what_there_was(operator) -> None:
    for number in range(3):
        member_row(f"{number:012}", f"m{number}")
    reading(to_read=[ROOT])
    Member.objects.filter(name="m0").update(seen_in=2)

    html = operator.get(PROGRESS).content.decode()

    assert "1 of about 3" in html
    assert '<progress class="bar-progress" max="3" value="1"' in html
    assert 'hx-trigger="every 2s"' in html
    assert "m2" in operator.get(URL).content.decode()


def test_the_first_progress_knows_no_end(operator) -> None:
    member_row("000000000001", "m1")
    reading(to_read=[ROOT], read_at=None, failures=1)
    Member.objects.update(seen_in=2)

    html = " ".join(operator.get(PROGRESS).content.decode().split())

    assert "</b> 1 accounts <span" in html
    assert "AWS throttled the requests" in html
    assert "max=" not in html


def test_what_was_not_found_and_tags_are_counted_too(operator) -> None:
    member_row("000000000001", "m1")
    member_row("000000000002", "m2")
    reading(reads_tags=True)
    Member.objects.filter(name="m1").update(seen_in=2, tags_in=2)

    checked = operator.get(PROGRESS).content.decode()
    Member.objects.update(seen_in=2)
    tagged = operator.get(PROGRESS).content.decode()

    assert "accounts that weren&#x27;t found" in checked
    assert "1 of about 2" in " ".join(tagged.split())
    assert "accounts' tags" in tagged.replace("&#x27;", "'")


def test_a_progress_without_a_reading_leads_to_the_page(operator) -> None:
    assert operator.get(PROGRESS)["Location"] == URL


def test_once_it_ended_the_new_list_is_offered(operator) -> None:
    member_row("000000000001", "m1")

    html = operator.get(PROGRESS).content.decode()

    assert "was read." in html
    assert f'href="{URL}"' in html
    assert "hx-get" not in html


@pytest.mark.parametrize("was_read", [False, True])
def test_the_page_that_says_it_is_being_read_loads_again_once_it_was(
    operator, was_read
) -> None:
    """A page with the list stays as it is: somebody may have ticked accounts there."""
    member_row("000000000001", "m1")
    reading(to_read=[ROOT], **({} if was_read else {"read_at": None}))
    page = operator.get(URL).content.decode()
    (polled,) = re.findall(f'hx-get="({PROGRESS}[^"]*)"', page)
    htmx = {"HX-Request": "true"}
    before = operator.get(polled, headers=htmx)

    now = timezone.now()
    Organization.objects.update(to_read=[], finished_at=now, read_at=now)
    after = operator.get(polled, headers=htmx)

    assert ("Bowline is reading the organization" in page) is not was_read
    assert f'hx-get="{polled}"' in before.content.decode()
    assert ("HX-Refresh" in after.headers) is not was_read


def test_where_it_may_not_be_asked_the_page_says_what_to_allow(operator) -> None:
    member_row("000000000001", "m1")
    why = {"message": "AWS refused <it>.", "hint": "Allow it to bowline."}
    Organization.objects.update(read_at=None, **why)

    html = operator.get(URL).content.decode()

    assert "AWS refused &lt;it&gt;. Allow it to bowline." in html
    assert "organizations:ListAccountsForParent" in html
    assert "Read again" in html
    assert 'href="/accounts/new/"' in html


def test_an_older_list_stays_where_the_last_reading_failed(operator) -> None:
    member_row("000000000001", "m1")
    Organization.objects.update(message="Too busy.", units_refused="Not allowed.")

    html = operator.get(URL).content.decode()

    assert "The last read ended early" in html
    assert "Too busy." in html
    assert "without organizational" in html
    assert "m1" in html
