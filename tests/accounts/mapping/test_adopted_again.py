"""Sources that are adopted again change only what they changed since."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.mapping.accounts_file import register_all
from accounts.mapping.adopting.again import (
    NOTHING_CHANGED,
    AdoptedAgain,
    WrongChoice,
    adopted_again,
    again_lines,
    identity_for_file,
    of_judged,
    remember,
)
from accounts.mapping.adopting.keeping import files_read, managed_role, reported
from accounts.mapping.edits import editing
from accounts.mapping.managing import managing_of
from accounts.models import (
    Activity,
    EnabledProvider,
    ManagedAccount,
    ManagingAccount,
    SpinnakerName,
)
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.report import accounts_file
from onboarding.names import BadName
from tests.onboarding.adopting.documents import aws, spring
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

OTHER = "210987654321"
PROD = aws("prod", environment="live", defaultKeyPair="ops")


@pytest.fixture(autouse=True)
def managing() -> None:
    managing_row(managed_role="spinnakerManaged")


def sources(*accounts: dict[str, Any], **others: Any) -> dict[str, bytes]:
    return spring({"aws": {"enabled": True, "accounts": [*accounts]}, **others})


def compared(files: dict[str, bytes], **answers: Any) -> AdoptedAgain:
    report = reported(files_read(files), role=managed_role())
    return adopted_again(report.taken, of_judged(report.judgement.accounts), **answers)


def save(again: AdoptedAgain, by: Any = None) -> None:
    content = accounts_file(again.taken).encode()
    register_all(read_accounts_file(content), by)


def adopt(*accounts: dict[str, Any], **others: Any) -> AdoptedAgain:
    again = compared(sources(*accounts, **others))
    save(again)
    return again


def prod() -> ManagedAccount:
    return ManagedAccount.objects.prefetch_related("providers").get(
        account_id=PROD["accountId"]
    )


def decide(by: Any = None, details: dict[str, Any] | None = None, **columns: Any):
    """Edit the account as a person does on its page."""
    row = prod()
    with editing(row, by):
        for name, value in columns.items():
            setattr(row, name, value)
        row.save()
        if details is not None:
            enabled = EnabledProvider.objects.get(account=row, key="ec2")
            enabled.details |= details
            enabled.save()


DECIDED = {"more_roles": ["/app"], "stack_roles_path": "/stacks/"}


def ec2() -> dict[str, Any]:
    details: dict[str, Any] = prod().providers.get(key="ec2").details
    return details


def state() -> Any:
    row = prod()
    return row.version, row.updated_at, row.state, [*row.authors.all()]


def answers(again: AdoptedAgain) -> dict[str, tuple[Any, Any, Any]]:
    return {
        c.choice: (c.difference.before, c.difference.here, c.difference.now)
        for c in again.changed
    }


def test_what_people_decided_stays_when_the_same_sources_come_again() -> None:
    adopt(PROD)
    decide(environment="dev", regions=["eu-west-1"], details=DECIDED)
    before = state()

    again = adopt(PROD)

    assert state() == before
    assert (prod().environment, prod().regions) == ("dev", ["eu-west-1"])
    assert ec2() == {**ec2(), **DECIDED}
    assert again.is_unchanged
    assert [*again_lines(again)] == [NOTHING_CHANGED]
    assert not again.changes_something


def test_only_what_the_sources_changed_is_changed() -> None:
    adopt(PROD)
    decide(environment="dev", details=DECIDED)

    again = adopt({**PROD, "defaultKeyPair": "new"})

    assert answers(again) == {"prod:ec2.key_pair": ("ops", "ops", "new")}
    assert not again.conflicts
    assert ec2()["key_pair"] == "new"
    assert ec2()["more_roles"] == ["/app"]
    assert prod().environment == "dev"


def test_what_both_changed_is_asked_about_and_bowlines_value_stays() -> None:
    olga = person("operator", username="olga")
    adopt(PROD)
    decide(olga, environment="dev")
    changed = {**PROD, "environment": "prd"}

    first = adopt(changed)
    again = compared(sources(changed))

    (asked,) = again.conflicts
    assert answers(again) == {"prod:environment": ("live", "dev", "prd")}
    assert (asked.who, asked.at is not None) == ("olga", True)
    assert prod().environment == "dev"
    assert [one.choice for one in first.conflicts] == ["prod:environment"]
    assert "olga" in " ".join(again_lines(again))


@pytest.mark.parametrize(("answer", "environment"), [("take", "prd"), ("keep", "dev")])
def test_an_answer_counts_until_the_sources_change_again(
    answer: str, environment: str
) -> None:
    adopt(PROD)
    decide(environment="dev")
    changed = {**PROD, "environment": "prd"}

    save(compared(sources(changed), **{answer: ["prod:environment"]}))

    assert prod().environment == environment
    assert compared(sources(changed)).is_unchanged
    later = compared(sources({**PROD, "environment": "test"}))
    assert [*answers(later)] == ["prod:environment"]
    assert bool(later.conflicts) == (answer == "keep")


def test_an_answer_is_kept_where_nothing_else_is_saved() -> None:
    adopt(PROD)
    decide(environment="dev")
    changed = sources({**PROD, "environment": "prd"})
    before = state()

    remember(compared(changed, keep=["prod:environment"]), None)

    assert compared(changed).is_unchanged
    assert state() == before


def test_an_answer_to_nothing_is_refused() -> None:
    adopt(PROD)

    with pytest.raises(WrongChoice, match="prod:environment"):
        compared(sources(PROD), take=["prod:environment"])
    with pytest.raises(BadName):
        compared(sources(PROD), access_role="a/b")


def test_without_what_the_sources_had_every_difference_is_asked_about() -> None:
    adopt(PROD)
    ManagedAccount.objects.update(adopted_from={})
    decide(environment="dev", details=DECIDED)

    again = adopt(PROD)

    assert answers(again) == {"prod:environment": (None, "dev", "live")}
    assert "had not known and now have live" in " ".join(again_lines(again))
    assert prod().environment == "dev"
    assert prod().adopted_from == {}
    save(compared(sources(PROD), keep=["prod:environment"]))
    assert compared(sources(PROD)).is_unchanged


def test_what_was_kept_and_cannot_be_read_is_not_known() -> None:
    adopt(PROD)
    ManagedAccount.objects.update(adopted_from={"name": "prod", "regions": "x"})

    again = compared(sources({**PROD, "environment": "test"}))

    assert [one.choice for one in again.conflicts] == ["prod:environment"]


def test_a_renamed_account_is_renamed() -> None:
    adopt(PROD)
    decide(environment="dev")

    again = adopt({**PROD, "name": "prod-eu"})

    assert again.renamed == (("prod", "prod-eu"),)
    assert (prod().name, prod().environment) == ("prod-eu", "dev")
    assert [*SpinnakerName.objects.values_list("name", flat=True)] == ["prod-eu"]
    assert compared(sources({**PROD, "name": "prod-eu"})).is_unchanged
    edit = Activity.objects.filter(what=Activity.What.EDIT).first()
    assert edit is not None
    assert edit.detail["changed"]["name"] == ["prod", "prod-eu"]


def test_a_name_that_is_in_use_holds_up_no_other_account() -> None:
    adopt(PROD, aws("test", OTHER))
    files = {**PROD, "name": "test"}, aws("other", OTHER), aws("new", "111122223333")

    again = adopt(*files)

    (held,) = again.held_back
    assert (held.name, "has the name “test”" in held.reason) == ("prod", True)
    assert again.renamed == (("test", "other"),)
    assert again.new == ("new",)
    assert adopt(*files).renamed == (("prod", "test"),)


def test_a_name_of_an_account_that_was_never_adopted_is_said() -> None:
    account_row("new", account_id=OTHER)

    again = adopt(PROD, aws("new", "111122223333"))

    (held,) = again.held_back
    assert held.name == "new"
    assert f"for another AWS account, {OTHER}" in held.reason
    assert prod().name == "prod"


def test_an_account_that_is_gone_is_named_and_stays() -> None:
    adopt(PROD, aws("test", OTHER))

    again = adopt(PROD)

    assert again.gone == ("test",)
    assert "not deleted: test." in " ".join(again_lines(again))
    assert ManagedAccount.objects.count() == 2


def test_an_account_that_can_no_longer_be_taken_is_named_and_stays() -> None:
    adopt(PROD, aws("test", OTHER))

    again = adopt({**PROD, "environment": "x"}, aws("test", OTHER, enabled=False))

    assert prod().environment == "x"
    assert again.gone == ()
    (held,) = again.held_back
    assert held.name == "test"
    assert "Spinnaker skips the account" in held.reason


def test_an_ecs_account_that_can_no_longer_be_taken_stays() -> None:
    ecs = {"accounts": [{"name": "prod-ecs", "awsAccount": "prod"}]}
    adopt(PROD, ecs=ecs)
    wrong = {"accounts": [{**ecs["accounts"][0], "namingStrategy": "https://a:b@c"}]}

    again = adopt({**PROD, "environment": "x"}, ecs=wrong)

    assert {one.key for one in prod().providers.all()} == {"ec2", "ecs"}
    assert [*answers(again)] == ["prod:environment"]


def test_an_ecs_account_that_is_gone_is_a_change() -> None:
    adopt(PROD, ecs={"accounts": [{"name": "prod-ecs", "awsAccount": "prod"}]})

    again = adopt(PROD)

    assert [*answers(again)] == ["prod:ecs"]
    assert {one.key for one in prod().providers.all()} == {"ec2"}


def test_the_first_name_in_bowline_stays_the_first_one() -> None:
    one, two = PROD, {**PROD, "name": "prod-b", "regions": [{"name": "eu-west-1"}]}
    ecs = {"accounts": [{"name": "b-ecs", "awsAccount": "prod-b"}]}
    adopt(one, two)
    assert prod().name == "prod"

    again = adopt(one, two, ecs=ecs)

    assert again.held_back == ()
    assert prod().name == "prod"
    assert [*answers(again)] == ["prod:ecs"]
    (other,) = prod().also_as
    assert (other["name"], other["regions"]) == ("prod-b", ["eu-west-1"])


def test_an_account_that_is_not_complete_is_named() -> None:
    row = account_row("prod", account_id=PROD["accountId"])
    row.providers.all().delete()

    again = adopt(PROD, aws("test", OTHER))

    (held,) = again.held_back
    assert (held.name, "isn't complete" in held.reason) == ("prod", True)
    assert again.new == ("test",)


def test_the_same_account_twice_in_the_sources_is_one() -> None:
    adopt(PROD)

    again = compared(sources({**PROD, "environment": "x"}, PROD))

    assert again.is_unchanged


def test_a_hostile_name_is_shown_in_one_line() -> None:
    adopt(PROD)
    hostile = aws("prod\u202e\n<b>" + "x" * 500, OTHER)

    again = compared(sources(PROD, hostile))

    assert [*again_lines(again)] == [NOTHING_CHANGED]


def test_an_external_id_is_not_shown() -> None:
    adopt({**PROD, "externalId": "corp-1"})

    again = compared(sources({**PROD, "externalId": "corp-2"}))

    said = " ".join(again_lines(again))
    assert "prod:external_id" in said
    assert "corp-" not in said


def test_the_access_role_is_for_new_accounts_only() -> None:
    adopt(PROD)
    decide(access_role="Mine")

    save(compared(sources(PROD, aws("test", OTHER)), access_role="New"))

    assert prod().access_role == "Mine"
    assert ManagedAccount.objects.get(name="test").access_role == "New"


def test_what_the_sources_had_is_not_kept_where_the_role_is_for_others() -> None:
    adopt(PROD)
    kept = prod().adopted_from
    olga = person("operator", username="olga")
    limit(olga, OPERATOR, ["test"], by=None)
    decide(environment="dev")
    changed = sources({**PROD, "environment": "prd"})

    save(compared(changed, keep=["prod:environment"]), olga)

    assert prod().adopted_from == kept


def test_a_managing_account_that_exists_is_not_described_again() -> None:
    mine = managing_of(ManagingAccount.objects.get()).identity_arn

    assert identity_for_file(mine) == identity_for_file("") == ""
    with pytest.raises(WrongChoice, match="Spinnaker's identity is"):
        identity_for_file("arn:aws:iam::111111111111:role/Other")
