"""The page that looks at AWS before anything is added."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from itertools import product
from typing import Any

import jsonschema
import pytest
from django.test import Client

from accounts.discover import looking
from accounts.discover.looking import enabled_regions
from accounts.discover.questions import MOST_OF_ONE, ask
from accounts.models import Adoption, ManagedAccount, Question
from onboarding.adopting.looking import InAws, RoleInAws, Target
from onboarding.topology import Reach
from tests.accounts.management.test_adopt import SCHEMA
from tests.accounts.web.adopting.test_adopting import (
    ACCOUNTS,
    IDENTITY,
    reported,
    words,
)
from tests.accounts.web.answers import work
from tests.onboarding.adopting.documents import aws, halconfig
from tests.rows import account_row

pytestmark = pytest.mark.django_db

ROLE = RoleInAws(
    "spinnakerManaged",
    exists=True,
    assumed_by=("Role SpinnakerAuthRole of account 111111111111 can assume it.",),
    trusted=(IDENTITY,),
    managed_by="the CloudFormation stack spinnaker in us-east-1",
    actions=9,
    can=("It can call 9 actions.", "PassRole is in role spinnakerManaged."),
)
FOUND = {
    "dev": InAws("123456789012", (ROLE, RoleInAws("BaseIAMRole", exists=False))),
    "test": InAws("210987654321", unread="AWS refused it.", hint="Create the role."),
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Target]:
    found: list[Target] = []

    def look_at(_: Any, target: Target) -> InAws:
        found.append(target)
        return FOUND[target.name]

    monkeypatch.setattr(looking, "look_at", look_at)
    return found


@pytest.fixture
def page(operator: Client) -> str:
    return f"{reported(operator, halconfig(ACCOUNTS))}aws/"


def test_the_roles_are_shown_the_worst_first(operator, page, asked) -> None:
    assert page in words(operator.get(page.removesuffix("aws/")))
    assert 'value="BowlineAccess"' in words(operator.get(page))

    assert operator.post(page, {"access_role": "Access"}).url == page
    waiting = words(operator.get(page))
    assert "Looking at AWS with the role Access.</b> Tried 0 of 2 accounts." in waiting
    work()
    shown = operator.get(page)

    said = words(shown)
    assert [name for name, _ in shown.context["page"]] == ["test", "dev"]
    assert (
        "1 of 2 accounts read</h2> <p>1 not readable, 1 with a role that something "
        "else manages, 1 with the role. Read with the role Access." in said
    )
    assert said.index("1 of 2 accounts read") < said.index('name="access_role"')
    assert 'class="btn btn-primary" href="/accounts/adopt/' in said
    for sentence in (
        "AWS refused it.",
        "Create the role.",
        "is managed by the CloudFormation stack spinnaker in us-east-1.",
        "Role SpinnakerAuthRole of account 111111111111 can assume it.",
        "It can call 9 actions.",
        "PassRole is in role spinnakerManaged.",
        "The role <b>BaseIAMRole</b> doesn't exist.",
    ):
        assert sentence in said
    assert {one.reach.access_role for one in asked} == {"Access"}
    assert not ManagedAccount.objects.exists()


@pytest.mark.parametrize(
    ("unread", "says", "colour", "blue"),
    [
        ((), "2 of 2 accounts read", "blue", "Add accounts"),
        (("dev",), "1 of 2 accounts read", "warn", "Add accounts"),
        (("dev", "test"), "0 of 2 accounts read", "bad", "Look at AWS again"),
    ],
)
def test_an_account_that_could_not_be_read_does_not_count_as_read(
    operator, page, monkeypatch, unread, says: str, colour: str, blue: str
) -> None:
    refused = FOUND["test"]
    found = {
        name: InAws(one.account_id, unread=refused.unread if name in unread else "")
        for name, one in FOUND.items()
    }
    monkeypatch.setattr(looking, "look_at", lambda _, target: found[target.name])
    operator.post(page, {"access_role": "Access"})
    work()

    said = words(operator.get(page))

    assert f"{says}</h2>" in said
    assert f"result result-{colour}" in said
    assert ("not readable" in said) is bool(unread)
    (primary,) = re.findall(r'class="btn btn-primary"[^>]*>([^<]+)<', said)
    assert primary == blue


ENDS = {
    "untried": None,
    "unread": InAws("1" * 12, unread="AWS refused it.", hint="Create the role."),
    "read": InAws("1" * 12, (ROLE,)),
    "no role": InAws("1" * 12, (RoleInAws("spinnakerManaged", exists=False),)),
}
"""How an account can be after a look."""


@pytest.mark.parametrize("waits", [False, True])
def test_no_part_of_the_page_denies_another_whatever_was_found(
    operator, page, asked, waits
) -> None:
    """The heading, its colour, the counts, the rows, and the blue button."""
    operator.post(page, {"access_role": "Access"})
    if not waits:
        work()
    row = Adoption.objects.get()
    at = row.report["look"]["at"]
    accounts = list(row.accounts.filter(said__name__in=FOUND))
    assert len(accounts) == 2
    for ends in product(ENDS, repeat=len(accounts)):
        for one, end in zip(accounts, ends, strict=True):
            found = ENDS[end]
            in_aws = {"at": at, **asdict(found)} if found else None
            one.said = {**one.said, "in_aws": in_aws}
            one.save()
        tried = len(ends) - ends.count("untried")
        row.report["look"]["looked"] = tried
        row.save()

        said = words(operator.get(page))

        unread = ends.count("unread")
        read = tried - unread
        blue = re.findall(r'class="btn btn-primary"[^>]*>([^<]+)<', said)
        is_whole = tried == len(ends)
        if waits:
            assert f"Tried {tried} of 2 accounts." in said
            assert "accounts read" not in said
            assert blue == []
            continue
        assert f"{read} of 2 accounts read</h2>" in said, ends
        colour = "bad" if not read else "blue" if read == 2 else "warn"
        assert f"result result-{colour}" in said, ends
        assert (f"{unread} not readable" in said) is bool(unread), ends
        assert said.count("AWS refused it.") == unread, ends
        no_role = ends.count("no role")
        assert (f"{no_role} without the role" in said) is bool(no_role), ends
        assert said.count("doesn't exist") == no_role, ends
        wanted = "Add accounts" if read and is_whole else "Look at AWS again"
        assert [one.strip() for one in blue] == [wanted if is_whole else "Continue"]


def test_the_page_follows_the_progress_and_reloads_at_the_end(
    operator, page, asked
) -> None:
    htmx = {"HX-Request": "true"}
    operator.post(page, {"access_role": "Access"})

    now = operator.get(page, headers=htmx)
    work()
    then = operator.get(page, headers=htmx)

    assert b'hx-trigger="every 2s"' in now.content
    assert b"<html" not in now.content
    assert then.headers["HX-Refresh"] == "true"


def test_the_downloads_have_it_too(operator, page, asked) -> None:
    operator.post(page, {"access_role": "Access"})
    work()
    report = page.removesuffix("aws/")

    document = json.loads(operator.get(f"{report}report.json").content)
    text = operator.get(f"{report}report.txt").content.decode()

    jsonschema.validate(document, SCHEMA)
    assert document["look"]["looked"] == 2
    about = SCHEMA["$defs"]["ReportLook"]["properties"]["looked"]["description"]
    assert "including those that it couldn't read" in about
    found = {one["name"]: one.get("in_aws") for one in document["accounts"]}
    assert found["-Bad"] is None
    assert found["dev"]["roles"][0]["actions"] == 9
    assert found["test"]["unread"] == "AWS refused it."
    assert text.index("AWS account test (210987654321)") < text.index("account dev (12")
    assert "  The role BaseIAMRole doesn't exist.\n" in text


def test_what_stopped_can_be_continued_and_says_why(operator, page) -> None:
    operator.post(page, {"access_role": "Access"})
    Question.objects.update(answered_at="2026-06-01T12:00:00Z")

    assert "Continue</button>" in words(operator.get(page))

    operator.post(page, {"access_role": "Access"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "left_to_look", lambda row: 1 // 0)
        work()
    assert looking.FAILED in words(operator.get(page))


@pytest.mark.parametrize("role", ["", "a/b", "x" * 65])
def test_only_a_role_name_is_looked_with(operator, page, role: str) -> None:
    answer = operator.post(page, {"access_role": role})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert Adoption.objects.get().look is None


def test_the_role_of_other_accounts_is_proposed(operator, page) -> None:
    account_row("other", access_role="Ours")

    assert 'value="Ours"' in words(operator.get(page))


def test_the_role_that_was_looked_with_is_proposed_as_the_access_role(
    operator, page
) -> None:
    operator.post(page, {"access_role": "Reader"})

    assert 'value="Reader"' in words(operator.get(page.replace("/aws/", "/add/")))


def test_where_nothing_is_taken_there_is_nothing_to_look_at(operator) -> None:
    left = halconfig({"aws": {"accounts": [aws("-Bad")]}})
    report = reported(operator, left)

    assert operator.get(f"{report}aws/").url == report
    assert operator.post(f"{report}aws/", {"access_role": "A"}).url == report
    assert not Question.objects.exists()


def test_a_busy_worker_is_said(operator, page) -> None:
    olga = Adoption.objects.get().by
    for number in range(MOST_OF_ONE):
        ask(enabled_regions.at("aws", Reach(f"{number}")), olga)

    assert "Bowline is busy" in words(operator.post(page, {"access_role": "Access"}))


def test_the_identity_that_the_roles_trust_isnt_asked_for_again(
    operator, page, asked
) -> None:
    add = page.replace("aws/", "add/")
    before = words(operator.get(add))
    operator.post(page, {"access_role": "Access"})
    work()

    after = words(operator.get(add))

    assert IDENTITY not in before
    assert f'value="{IDENTITY}"' in after
    assert "The role of every account that Bowline looked at trusts this ARN." in after
