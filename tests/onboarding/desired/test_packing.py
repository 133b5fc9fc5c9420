"""Packing: nothing lost, nothing added, every document within AWS's quotas."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from onboarding.desired.capacity import capacity, fitting, listed_up_to, packed
from onboarding.grants import Access, Grant
from onboarding.resources.policy import MANAGED_POLICY_LIMIT, QuotaExceeded
from tests.factories import managing


def grant(number, *, actions=1, width=20):
    return Grant(
        f"Sid{number}",
        Access.WRITE,
        "deploy",
        tuple(f"ec2:{'A' * width}{number}x{n}" for n in range(actions)),
    )


grants = st.lists(
    st.tuples(st.integers(1, 40), st.integers(5, 100)), min_size=0, max_size=8
).map(
    lambda sizes: [
        grant(number, actions=actions, width=width)
        for number, (actions, width) in enumerate(sizes)
    ]
)

topics = st.dictionaries(
    st.sampled_from(["Caching", "EC2", "ECS", "Lambda"]), grants, max_size=4
)


def packable(topics):
    try:
        return packed(topics)
    except QuotaExceeded:
        assume(False)


def atoms(*documents):
    return sorted(atom for document in documents for atom in document.atoms())


def meant(grants):
    return sorted(
        atom for one in grants for atom in packed({"One": [one]})["One"].atoms()
    )


@given(topics)
def test_nothing_is_lost_and_nothing_added(topics):
    documents = packable(topics)

    every = [one for grants in topics.values() for one in grants]
    assert atoms(*documents.values()) == meant(every)


@given(topics)
def test_every_document_is_within_the_quota(topics):
    documents = packable(topics)

    assert all(d.size <= MANAGED_POLICY_LIMIT for d in documents.values())
    assert len(documents) <= 10


@given(topics, grants)
def test_another_topic_changes_no_document_that_stands(topics, more):
    before = packable(topics)

    after = packable({**topics, "Another": more})

    assert before.items() <= after.items()


@given(grants, grants)
def test_more_grants_at_the_end_change_the_last_document_only(some, more):
    renumbered = [grant(100 + n) for n, _ in enumerate(more)]
    before = packable({"EC2": some})

    after = packable({"EC2": [*some, *renumbered]})

    changed = [name for name in before if after[name] != before[name]]
    assert changed in ([], list(before)[-1:])


@given(grants)
def test_two_neighbours_would_never_fit_into_one_document(grants):
    sizes = [d.size for d in packable({"EC2": grants}).values()]

    frame = len('{"Version":"2012-10-17","Statement":[]}') - 1
    assert all(a + b - frame > MANAGED_POLICY_LIMIT for a, b in pairwise(sizes))


def test_a_topic_that_fits_keeps_its_name():
    assert list(packed({"EC2": [grant(1)]})) == ["EC2"]


def test_a_topic_without_grants_has_no_document():
    assert packed({"EC2": []}) == {}


def test_a_topic_that_does_not_fit_goes_on_in_numbered_documents():
    large = [grant(n, actions=40, width=90) for n in range(3)]

    assert list(packed({"EC2": large})) == ["EC2", "EC2-2", "EC2-3"]


def test_a_document_is_filled_to_the_last_character():
    first, last = (grant(number, actions=40, width=90) for number in (1, 3))
    left = (
        MANAGED_POLICY_LIMIT - packed({"EC2": [first, grant(2, width=1)]})["EC2"].size
    )

    documents = packed({"EC2": [first, grant(2, width=1 + left), last]})

    assert documents["EC2"].size == MANAGED_POLICY_LIMIT


def test_a_grant_that_no_document_can_hold_is_refused_by_name():
    with pytest.raises(QuotaExceeded, match="Sid7 in policy EC2 has"):
        packed({"EC2": [grant(1), grant(7, actions=100, width=90)]})


def test_more_documents_than_a_role_can_hold_are_refused():
    with pytest.raises(QuotaExceeded, match="11 policies are needed"):
        packed({f"Topic{n}": [grant(n)] for n in range(11)})


def test_capacity_says_how_many_accounts_are_assumed_and_fit():
    room = capacity(managing(), assumed=3)

    assert (room.assumed, room.most, room.left) == (3, 1080, 1077)
    assert not room.is_near_its_end


def test_capacity_is_near_its_end_while_accounts_still_fit():
    room = capacity(managing(), assumed=864)

    assert room.is_near_its_end
    assert room.left == 216


def test_what_is_coming_takes_room_too():
    room = capacity(managing(), assumed=800, coming=64)

    assert (room.wanted, room.left, room.is_near_its_end) == (864, 216, True)
    assert capacity(managing(), assumed=1000, coming=200).left == 0


def test_an_organizations_capacity_has_no_end():
    room = capacity(managing(organization="o-a1b2c3d4e5"), assumed=3)

    assert (room.most, room.left, room.is_near_its_end) == (None, None, False)


def test_the_last_policy_says_how_many_roles_are_listed_up_to_it() -> None:
    one = fitting(managing(), (), 1)

    assert listed_up_to(managing(), "BowlineAssumeManaged") == one
    assert listed_up_to(managing(), "BowlineAssumeManaged-3") == 3 * one
