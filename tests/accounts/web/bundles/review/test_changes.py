"""Two bundles as a review: what to read first, each account, and each file."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from accounts.web.bundles.comparing import PAGE, review_of, whole_review
from accounts.web.runs.review.plans import Review
from onboarding.spinnaker.bundle.comparison import (
    MOST_ACCOUNTS,
    MOST_CHARACTERS,
    MOST_FILES,
    BundleChanges,
    Excerpt,
    bundle_changes,
)
from onboarding.spinnaker.bundle.contents import BundleAccounts, Revision

FEW = {"READ": ["developers"], "WRITE": ["sre"]}


MADE = {"context": "{}", "kubeconfigFile": "kubernetes/{}/kubeconfig.yml"}


def account(name: str = "staging", **fields: Any) -> dict[str, Any]:
    return {"name": name, "accountId": "922222222222", **fields}


def between(before: BundleAccounts, after: BundleAccounts) -> Review:
    found = bundle_changes(Revision(accounts=before), Revision(accounts=after))
    return review(found, {}, {})


def review(
    found: BundleChanges, before: dict[str, str], after: dict[str, str]
) -> Review:
    return whole_review(excerpt(found, before, after))


def reading(texts: dict[str, str]) -> Revision:
    return Revision(texts=lambda paths: {path: texts[path] for path in paths})


def excerpt(
    found: BundleChanges, before: dict[str, str], after: dict[str, str]
) -> Excerpt:
    """Take it, and bring it to the page as a worker's answer comes: as JSON."""
    taken = Excerpt.of(found, reading(before), reading(after))
    read = Excerpt.from_json(json.loads(json.dumps(asdict(taken))))
    assert read == taken
    return read


def told(review: Review) -> dict[str, list[str]]:
    return {
        reading.topic: [f"{one.name}: {one.sentence}" for one in reading.pointers]
        for reading in review.readings
    }


def test_what_goes_and_what_opens_is_read_first():
    before = BundleAccounts(
        aws=(account(permissions=FEW), account("old")),
        kubernetes=(account("apps", namespaces=["web"]),),
    )
    after = BundleAccounts(
        aws=(account(permissions={}), account("new")),
        kubernetes=(account("apps"),),
    )

    found = between(before, after)

    assert list(told(found)) == ["Deletions", "Open to everyone", "Changed", "New"]
    assert told(found)["Deletions"] == ["old: Removed from Spinnaker."]
    assert told(found)["Changed"] == ["staging: permissions.", "apps: namespaces."]
    deploys, reaches = told(found)["Open to everyone"]
    assert deploys.startswith("staging: Everyone in Spinnaker can deploy")
    assert reaches.startswith("apps: Spinnaker can access every namespace")
    places = {card.anchor: card.key.name for card in found.cards}
    pointers = [one for reading in found.readings for one in reading.pointers]
    assert all(places[one.anchor] == one.name for one in pointers)


def test_each_account_is_compared_with_what_it_was():
    before = BundleAccounts(aws=(account(environment="test"), account("old")))
    after = BundleAccounts(aws=(account(environment="live"), account("new")))

    (group,) = between(before, after).groups

    cards = {card.key.name: card for card in group.sections[0].cards}
    assert group.counts == {"create": 1, "update": 1, "delete": 1}
    assert {name: card.verb for name, card in cards.items()} == {
        "staging": "update",
        "old": "delete",
        "new": "create",
    }
    changed = cards["staging"].diff
    assert changed
    assert (changed.added, changed.removed) == (1, 1)
    assert not cards["old"].opens


def test_files_are_compared_by_their_lines():
    found = BundleChanges(
        files={"a.yml": "update", "b.yml": "create", "c.yml": "delete"}
    )

    shown = review(found, {"a.yml": "x\n", "c.yml": "z"}, {"a.yml": "y", "b.yml": ""})

    (group,) = shown.groups
    assert group.counts == {"create": 1, "update": 1, "delete": 1}
    cards = group.sections[0].cards
    assert [(card.key.name, card.verb) for card in cards] == [
        ("a.yml", "update"),
        ("b.yml", "create"),
        ("c.yml", "delete"),
    ]
    assert cards[0].diff
    assert cards[0].diff.added == 1


def test_a_file_of_json_is_coloured():
    found = BundleChanges(files={"a.json": "update", "a.yml": "update"})
    texts = {"a.json": '{"a": 1}', "a.yml": '"a": 1'}

    coloured, plain = review(found, dict.fromkeys(texts, ""), texts).cards

    htmls = [
        card.diff.hunks[0].rows[0].new.html if card.diff else ""
        for card in (coloured, plain)
    ]
    assert '<span class="nt">&quot;a&quot;</span>' in htmls[0]
    assert htmls[1] == "&quot;a&quot;: 1"


def test_a_file_that_is_too_long_says_where_it_is():
    found = BundleChanges(files={"a.yml": "update"})
    text = "x" * (MOST_CHARACTERS + 1)

    (card,) = review(found, {"a.yml": text}, {"a.yml": "y"}).cards

    assert card.diff is None
    assert "in the zip" in card.note


def many(count: int, **fields: Any) -> tuple[dict[str, Any], ...]:
    """Make accounts that differ in names and ids only."""
    return tuple(
        account(
            f"a{number}", **{"accountId": f"{number:012}", "regions": ["r"], **fields}
        )
        for number in range(count)
    )


def test_accounts_that_differ_in_names_and_ids_only_are_read_once():
    clusters = tuple(
        {
            "name": name,
            "context": name,
            "kubeconfigFile": f"kubernetes/{name}/kubeconfig.yml",
        }
        for name in ("x", "y", "z")
    )
    arn = "arn:aws-cn:iam::{:012}:role/m"
    china = tuple(
        {**one, "name": f"cn{number}", "assumeRole": arn.format(number)}
        for number, one in enumerate(many(3))
    )
    after = BundleAccounts(aws=(*many(64), *china), kubernetes=clusters)

    found = between(BundleAccounts(), after)

    cards = found.cards
    assert [card.key.name for card in cards] == ["64 like a0", "3 like cn0", "3 like x"]
    assert [len(card.lines) for card in cards] == [64, 3, 3]
    assert not any(card.opens for card in cards)
    assert cards[0].lines[63].name == "a63"
    assert cards[0].lines[63].details == ("AWS account: 000000000063",)
    (new,) = found.readings
    assert new.pointers[63].anchor == cards[0].lines[63].anchor


@pytest.mark.parametrize(
    "own",
    [
        {"assumeRole": "arn:aws:iam::000000000009:role/m"},
        {"permissions": FEW},
        {"environment": "live"},
    ],
)
def test_what_differs_in_anything_else_is_read_by_itself(own: dict[str, Any]):
    first, second, third = many(3)

    found = between(BundleAccounts(), BundleAccounts(aws=(first, second, third | own)))

    assert [card.key.name for card in found.cards] == ["a0", "a1", "a2"]


@pytest.mark.parametrize("own", ["context", "kubeconfigFile"])
def test_what_is_not_made_of_the_name_is_read_by_itself(own: str):
    x, y, z = ({"name": name, own: MADE[own].format(name)} for name in "xyz")

    alike = between(BundleAccounts(), BundleAccounts(kubernetes=(x, y, z)))
    other = between(
        BundleAccounts(), BundleAccounts(kubernetes=(x, y, z | {own: "other"}))
    )

    assert (len(alike.cards), len(other.cards)) == (1, 3)


def test_an_id_that_changes_too_is_said_of_each():
    before = BundleAccounts(aws=many(4, externalId="old"))
    after = BundleAccounts(
        aws=(
            *many(3, externalId="new", regions=["s"]),
            *many(4, externalId="old", regions=["s"])[3:],
        )
    )

    found = between(before, after)

    rotated, gone = found.cards
    assert rotated.lines[1].details == (
        "AWS account: 000000000001",
        "external ID: old → new",
    )
    assert gone.key.name == "a3"


def test_what_is_on_another_page_is_reached_from_what_is_read_first():
    accounts = tuple(account(f"a{n}", environment=f"e{n}") for n in range(PAGE + 2))
    found = bundle_changes(Revision(), Revision(accounts=BundleAccounts(aws=accounts)))

    second = review_of(excerpt(found, {}, {}), "2")

    (group,) = second["review"].groups
    assert [card.key.name for card in group.sections[0].cards] == ["a50", "a51"]
    (new,) = second["review"].readings
    assert (new.pointers[0].page, new.pointers[51].page) == ("?page=1", "?page=2")
    assert second["cards_page"].paginator.count == PAGE + 2


def test_aws_accounts_are_counted_apart_from_spinnakers():
    ecs = tuple({"name": f"a{n}-ecs", "awsAccount": f"a{n}"} for n in range(22))
    ids = {one["accountId"] for one in many(65)}
    whole = BundleAccounts(aws=many(64), ecs=ecs)
    after = Revision(accounts=whole, account_ids=lambda: ids)
    only_ecs = Revision(accounts=BundleAccounts(ecs=ecs), account_ids=lambda: {"1"})
    none = Revision(account_ids=lambda: {"1"})

    added = Excerpt.of(bundle_changes(Revision(), after), Revision(), after)
    removed = Excerpt.of(bundle_changes(only_ecs, none), only_ecs, none)

    assert added.sentence == (
        "65 AWS accounts added (86 Spinnaker accounts: 64 aws, 22 ecs)"
    )
    assert removed.sentence == "22 Spinnaker accounts removed (ecs)"


def test_very_many_are_counted():
    accounts = tuple(
        account(f"a{number}", environment=f"e{number}")
        for number in range(MOST_ACCOUNTS + 3)
    )
    files = tuple(f"{number:03}.yml" for number in range(MOST_FILES + 1))
    whole = BundleAccounts(aws=accounts)
    found = bundle_changes(Revision(), Revision(0, whole, dict.fromkeys(files, "1")))

    of_all = excerpt(found, {}, dict.fromkeys(files, ""))

    shown, of_files = whole_review(of_all).groups
    assert of_all.accounts_excluded == 3
    assert shown.counts["create"] == MOST_ACCOUNTS + 3
    assert len(shown.sections[0].cards) == MOST_ACCOUNTS
    assert not any(card.opens for card in shown.sections[0].cards)
    assert of_files.sections[0].title == f"The first {MOST_FILES} of {MOST_FILES + 1}"
