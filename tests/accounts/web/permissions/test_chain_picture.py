"""The trust chain drawn: all of it is there, and nothing lies over anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import pytest

from accounts.web.accounts.permissions import (
    MOST_CLUSTERS,
    MOST_LINES,
    Box,
    Drawing,
    narrow,
    wide,
    wrapped,
)
from onboarding.review.permissions import managed_review
from onboarding.review.trust_chain import TrustChain, trust_chain
from onboarding.topology import ExistingIdentity, Managed, Managing, PodRole
from tests.factories import managed, managing, provider

OWN = "arn:aws:iam::911111111111"
LONG = "a-very-long-name-" + "x" * 43


def clusters(count: int) -> list[dict[str, str]]:
    return [{"name": f"apps-{n}", "region": "us-east-1"} for n in range(count)]


def drawn(core: Managing, account: Managed) -> TrustChain:
    return trust_chain(core, account, managed_review(core, account))


def chains() -> Iterator[TrustChain]:
    """Yield the least, the most, and what is between."""
    pods = PodRole(LONG, LONG, "us-east-1", LONG, LONG, f"oidc.eks/id/{LONG}")
    everything = (
        provider("ec2", stack_roles_path=f"/{LONG}/", access="power-user"),
        provider("ecs", tasks_as_managed_role=True),
        provider("eks", clusters=clusters(MOST_CLUSTERS + 3)),
        provider("lambda"),
    )
    asked = {"boundary": f"{OWN}:policy/{LONG}", "trust_organization": f"o-{'x' * 32}"}
    bowline = {"bowline": f"{OWN}:role/{LONG}"}
    ids = {"external_id": "i" * 36, "former_external_id": "f" * 36}
    yield drawn(managing(), managed(provider("ec2", access="read")))
    yield drawn(managing(**bowline), managed(provider("eks")))
    yield drawn(managing(**asked, **bowline), managed(*everything, **ids))
    yield drawn(
        managing(identity=pods, name=LONG, **asked, **bowline),
        managed(*everything, name=LONG, adopts=True, **ids),
    )
    yield drawn(
        managing(identity=ExistingIdentity(f"{OWN}:user/{LONG}")),
        managed(provider("eks", clusters=clusters(2)), provider("lambda")),
    )


every_drawing = pytest.mark.parametrize(
    "drawing", [draw(chain) for chain in chains() for draw in (narrow, wide)]
)


def apart(one: Box, other: Box) -> bool:
    return (
        one.right <= other.x
        or other.right <= one.x
        or one.bottom <= other.y
        or other.bottom <= one.y
    )


@every_drawing
def test_all_stays_inside_and_no_box_lies_over_another(drawing: Drawing) -> None:
    for box in (*drawing.frames, *drawing.boxes):
        assert box.x >= 0
        assert box.y >= 0
        assert box.right <= drawing.width
        assert box.bottom <= drawing.height
    for one, other in combinations(drawing.boxes, 2):
        assert apart(one, other), (one, other)
    for one, other in combinations(drawing.frames, 2):
        assert apart(one, other), (one, other)


@every_drawing
def test_words_stand_in_their_box_or_beside_all_boxes(drawing: Drawing) -> None:
    for box in drawing.boxes:
        for words in box.words:
            assert box.x < words.x < box.right
            assert box.y < words.y < box.bottom
    for words in drawing.words:
        assert 0 < words.y <= drawing.height
        for box in drawing.boxes:
            assert not (box.x <= words.x < box.right and box.y < words.y < box.bottom)


@every_drawing
def test_no_line_runs_through_a_box(drawing: Drawing) -> None:
    for arrow in drawing.arrows:
        for start, end in zip(arrow.points, arrow.points[1:], strict=False):
            assert start.x == end.x or start.y == end.y, arrow
            left, right = sorted((start.x, end.x))
            top, bottom = sorted((start.y, end.y))
            for box in drawing.boxes:
                across = left < box.right and right > box.x
                along = top < box.bottom and bottom > box.y
                assert not (across and along), (arrow, box)


@every_drawing
def test_every_box_is_reached_by_a_line(drawing: Drawing) -> None:
    ends = {point for arrow in drawing.arrows for point in arrow.points}

    for box in drawing.boxes:
        assert any(
            box.x <= x <= box.right and box.y <= y <= box.bottom for x, y in ends
        ), box


@pytest.mark.parametrize("draw", [narrow, wide])
def test_the_conditions_are_written_on_the_lines(
    draw: Callable[[TrustChain], Drawing],
) -> None:
    core = managing(trust_organization="o-a1b2c3d4e5", bowline=f"{OWN}:role/Bowline")
    account = managed(provider("ec2"), external_id="0c3f5f1e")

    written = {words.text for words in draw(drawn(core, account)).words}

    assert written >= {
        "core · 911111111111",
        "staging · 922222222222",
        "sts:AssumeRole",
        "external ID 0c3f5f1e",
        "from o-a1b2c3d4e5",
        "to verify accounts",
        "iam:PassRole",
        "only to ec2.amazonaws.com",
    }


@pytest.mark.parametrize("draw", [narrow, wide])
def test_bowline_stands_outside_with_a_broken_line(
    draw: Callable[[TrustChain], Drawing],
) -> None:
    core = managing(bowline="arn:aws:iam::933333333333:role/Bowline")

    drawing = draw(drawn(core, managed(provider("ec2"))))

    (bowline,) = [box for box in drawing.boxes if box.style == "optional"]
    assert all(apart(bowline, frame) for frame in drawing.frames)
    assert [arrow.style for arrow in drawing.arrows].count("optional") == 1


@pytest.mark.parametrize("draw", [narrow, wide])
def test_more_clusters_than_fit_are_counted(
    draw: Callable[[TrustChain], Drawing],
) -> None:
    many = provider("eks", clusters=clusters(MOST_CLUSTERS + 3))

    drawing = draw(drawn(managing(), managed(many)))

    texts = [words.text for box in drawing.boxes for words in box.words]
    assert texts.count("EKS cluster") == MOST_CLUSTERS
    assert any(words.text.startswith("and 3 more") for words in drawing.words)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("BaseIAMRole, spinnaker-ec2/*", ["BaseIAMRole,", "spinnaker-ec2/*"]),
        ("service account spin/sa", ["service account spin", "/sa"]),
        ("the spinnaker-production", ["the", "spinnaker-production"]),
        ("spinnaker-production-too", ["spinnaker-", "production-too"]),
        ("x" * 25, ["x" * 20, "x" * 5]),
    ],
)
def test_words_break_where_names_have_parts(text: str, lines: list[str]) -> None:
    assert wrapped(text, 20) == lines


def test_what_takes_too_many_lines_is_cut() -> None:
    lines = wrapped("x" * 200, 20)

    assert len(lines) == MOST_LINES
    assert lines[-1] == "x" * 19 + "…"
