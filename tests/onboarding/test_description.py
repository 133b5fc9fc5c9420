"""The table of fields: what is said of a field in one row holds through every door."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from threading import Barrier
from time import sleep
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import accounts_file
from onboarding.accounts_file.writing import (
    account_written,
    csv_text,
    written_account,
    yaml_text,
)
from onboarding.asked_once import asked_once
from onboarding.description.fields import FIELDS, Kind
from onboarding.description.values import (
    OF_VALUE,
    Description,
    columns_of,
    completed,
)
from onboarding.details import (
    DetailsError,
    ProviderDetails,
    require,
    require_no_doubles,
    require_one_of,
)
from onboarding.names import NAMESPACE
from onboarding.topology import Managed
from tests.described import columns
from tests.factories import provider


@settings(max_examples=60)
@given(columns(), st.booleans())
def test_a_file_says_every_field(said: dict[str, Any], csv: bool) -> None:
    account = Description(said, (provider("lambda"),))

    written = account_written(account)
    text = csv_text([written]) if csv else yaml_text(None, [written])

    assert written_account(written, 1).columns == said
    (again,) = accounts_file.read_accounts_file(text.encode(), csv=csv).accounts
    assert again.columns == said
    assert again.managed == account.managed


@given(columns())
def test_a_value_says_what_it_knows(said: dict[str, Any]) -> None:
    known = columns_of(Description(said).managed)

    assert known == {name: said[name] for name in known}


def test_the_value_has_no_field_without_a_row() -> None:
    looked_after = {"providers", "permissions", "external_id", "former_external_id"}
    looked_after |= {"other_names"}

    named = {one.name for one in OF_VALUE}
    assert {one.name for one in fields(Managed)} == named | looked_after


def test_what_nothing_is_said_of_is_usual() -> None:
    assert completed({"made_by": "owner"})["reader_role"] == "BowlineReader"
    assert completed({})["reader_role"] == ""
    assert completed({"read_roles": ["sre"]})["read_roles"] == ["sre"]


def test_no_two_fields_have_one_name_or_column() -> None:
    keys = [one.key for one in FIELDS if one.kind is not Kind.INSTEAD]
    for names in ([one.name for one in FIELDS], keys):
        assert len({*names}) == len(names)


@dataclass(frozen=True, slots=True)
class Plain(ProviderDetails):
    key: ClassVar[str] = "plain"
    title: ClassVar[str] = "Plain"
    size: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bare(ProviderDetails):
    key: ClassVar[str] = "bare"
    title: ClassVar[str] = "Bare"


def test_a_detail_without_default_must_be_given():
    with pytest.raises(DetailsError, match="Plain needs the detail “size”") as error:
        Plain.from_details({})

    assert error.value.field == "size"


def test_lists_are_read_as_tuples_and_given_as_lists():
    plain = Plain.from_details({"size": "s", "tags": ["a", "b"]})

    assert plain.tags == ("a", "b")
    assert plain.details == {"size": "s", "tags": ["a", "b"]}


def test_a_provider_without_details_says_so():
    with pytest.raises(DetailsError, match="it knows none"):
        Bare.from_details({"size": "s"})


def test_nested_details_are_given_as_json():
    nested = Plain("s", ({"key": ("a",)},))

    assert nested.details["tags"] == [{"key": ["a"]}]


def test_the_first_bad_name_is_told():
    with pytest.raises(DetailsError, match="“B”"):
        require("field", NAMESPACE, "a", "B", "C")


def test_one_of_the_known_passes():
    assert require_one_of("field", ("a", "b"), "b") is None


def test_none_of_the_known_is_refused_with_them():
    with pytest.raises(DetailsError, match="Choose one of a, b"):
        require_one_of("field", ("a", "b"), "c")


def test_a_name_that_is_listed_twice_is_refused():
    with pytest.raises(DetailsError, match="“b” is listed twice"):
        require_no_doubles("field", ("a", "b", "b"))


class Account:
    def __init__(self, meet: Barrier | None = None) -> None:
        self.meet = meet
        self.asked = 0

    @asked_once
    def policies(self) -> int:
        """Count the policies."""
        self.asked += 1
        if self.meet:
            self.meet.wait(timeout=10)
        else:
            sleep(0.01)
        return self.asked

    @asked_once
    def twice_as_many(self) -> int:
        return 2 * self.policies


def test_it_asks_once_for_each_instance() -> None:
    account, other = Account(), Account()

    assert [account.policies, account.twice_as_many, account.policies] == [1, 2, 1]
    assert other.policies == 1
    assert (account.asked, other.asked) == (1, 1)


def test_threads_that_read_the_same_answer_ask_once() -> None:
    account = Account()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: account.policies, range(8)))

    assert answers == [1] * 8


def test_accounts_do_not_wait_for_each_other() -> None:
    """Both answers are under way at once, or the barrier breaks."""
    both = Barrier(2)
    accounts = [Account(both), Account(both)]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda account: account.policies, accounts))

    assert answers == [1, 1]


def test_what_was_raised_is_not_kept() -> None:
    class Busy:
        refused = True

        @asked_once
        def policies(self) -> int:
            if self.refused:
                raise ValueError("busy")
            return 3

    busy = Busy()
    with pytest.raises(ValueError, match="busy"):
        _ = busy.policies
    busy.refused = False

    assert busy.policies == 3


def test_its_words_are_those_of_what_it_asks() -> None:
    assert Account.policies.__doc__ == "Count the policies."
