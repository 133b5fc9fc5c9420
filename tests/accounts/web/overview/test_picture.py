"""The picture: every account a node, every trust an edge, never a hairball."""

from __future__ import annotations

from accounts.models import ManagedAccount, ManagingAccount
from accounts.web.overview import views
from accounts.web.overview.views import (
    LONGEST_LINE,
    MOST_NODES,
    NARROW_WIDTH,
    WIDTH,
    Picture,
    grouped,
)


def wide(accounts: list[ManagedAccount]) -> Picture:
    return views.wide(CENTRE, "SpinnakerAuthRole", grouped(accounts))


def narrow(accounts: list[ManagedAccount]) -> Picture:
    return views.narrow(CENTRE, "SpinnakerAuthRole", grouped(accounts))


CENTRE = ManagingAccount(name="core", state="verified")


def seen(name: str, environment: str = "", state: str = "verified") -> ManagedAccount:
    unapproved = state == "not as approved"
    kept = "drifted" if unapproved else state
    return ManagedAccount(
        name=name, environment=environment, state=kept, unapproved=unapproved
    )


def many(count: int) -> list[ManagedAccount]:
    environments = ("development", "production", "staging", "")
    return [seen(f"a{n}", environments[n % 4]) for n in range(count)]


def test_every_account_has_a_node_and_an_edge() -> None:
    accounts = many(MOST_NODES)

    picture = wide(accounts)

    assert sorted(node.account.name for node in picture.nodes) == sorted(
        account.name for account in accounts
    )
    assert len(picture.edges) == len(accounts)


def test_nodes_stay_inside_and_never_overlap() -> None:
    for picture in (wide(many(60)), narrow(many(60))):
        boxes = [picture.centre, *picture.nodes]

        for node in boxes:
            assert node.x >= 0
            assert node.y >= 0
            assert node.right <= picture.width
            assert node.y + node.height <= picture.height
        for one in boxes:
            for other in boxes:
                apart = (
                    one is other
                    or one.right <= other.x
                    or other.right <= one.x
                    or one.y + one.height <= other.y
                    or other.y + other.height <= one.y
                )
                assert apart, (one, other)


def test_wide_has_the_managing_account_in_the_middle() -> None:
    picture = wide(many(8))

    assert picture.width == WIDTH
    assert picture.centre.x + picture.centre.width / 2 == WIDTH / 2
    assert {node.x < picture.centre.x for node in picture.nodes} == {True, False}


def test_narrow_has_the_managing_account_on_top() -> None:
    picture = narrow(many(8))

    assert picture.width == NARROW_WIDTH
    assert picture.centre.y == 0
    assert all(node.y > picture.centre.height for node in picture.nodes)


def test_an_environment_has_one_heading_and_its_accounts_below_it() -> None:
    picture = narrow([seen("b", "web"), seen("a"), seen("c", "web")])

    assert [heading.text for heading in picture.headings] == ["web", "No environment"]
    web, nameless = (heading.y for heading in picture.headings)
    below_web = [n.account.name for n in picture.nodes if web < n.y < nameless]
    assert below_web == ["b", "c"]


def test_a_broken_trust_is_marked() -> None:
    states = ("failed", "drifted", "not as approved", "verified")
    picture = wide([seen(state, state=state) for state in states])

    marks = {edge.state: edge.mark for edge in picture.edges}
    marked = {state for state, mark in marks.items() if mark is not None}
    assert marked == {"failed", "not as approved"}


def test_the_state_says_the_colour_and_the_icon() -> None:
    node = wide([seen("a", state="failed")]).nodes[0]

    assert (node.badge.colour, node.badge.icon) == ("bad", "cross")


def test_a_long_name_is_cut() -> None:
    node = wide([seen("x" * 60)]).nodes[0]

    assert len(node.label) + len(node.word) < LONGEST_LINE
    assert node.label.endswith("x…")


def test_the_nameless_environment_comes_last() -> None:
    groups = grouped([seen("a"), seen("b", "web"), seen("c", "api")])

    assert [name for name, _ in groups] == ["api", "web", ""]
