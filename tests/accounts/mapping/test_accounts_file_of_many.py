"""An accounts file of many: saved in statements for all of them, judged like one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.mapping.accounts_file import register
from accounts.mapping.edits import editing
from accounts.models import Activity, EnabledProvider, ManagedAccount, SpinnakerName
from accounts.models.states import State
from accounts.people.activity import first_broken
from onboarding.accounts_file import AccountsFile, FileProblems, read_accounts_file
from tests.rows import account_row, person

pytestmark = pytest.mark.usefixtures("managing")

HEADING = "name,account_id,environment,regions,READ,access_role,adopts,ec2,ecs,eks\n"
EKS = '"{clusters: [{name: apps, region: us-east-1, namespaces: []}]}"'


def file(*rows: str) -> AccountsFile:
    return read_accounts_file((HEADING + "\n".join(rows)).encode(), csv=True)


def row(number: int, **cells: str) -> str:
    plain = {
        "name": f"a{number}",
        "account_id": f"{number:012}",
        "environment": "",
        "regions": "us-east-1",
        "READ": "",
        "access_role": "",
        "adopts": "",
        "ec2": "yes",
        "ecs": "",
        "eks": "",
    }
    return ",".join({**plain, **cells}.values())


def test_as_many_queries_for_many_accounts_as_for_few() -> None:
    def queries(numbers: range, **cells: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            register(file(*(row(n, eks=EKS, **cells) for n in numbers)), None)
        return len(captured)

    register(file(row(99)), None)
    few, many = queries(range(1, 3)), queries(range(10, 30))
    few_edited = queries(range(1, 3), environment="staging", ec2="access: read")
    many_edited = queries(range(10, 30), environment="staging", ec2="access: read")

    assert many == few
    assert many_edited == few_edited
    assert SpinnakerName.objects.count() == 1 + 2 * 22


def test_each_account_is_recorded_in_an_unbroken_chain() -> None:
    operator = person("operator")
    register(file(row(1), row(2)), operator)

    register(file(row(1), row(2, environment="test"), row(3)), operator)

    entries = Activity.objects.order_by("number")
    said = [(entry.what, entry.about, entry.who) for entry in entries]
    assert said == [
        ("describe", "a1", "operator"),
        ("describe", "a2", "operator"),
        ("describe", "a3", "operator"),
        ("edit", "a2", "operator"),
    ]
    last = entries.last()
    assert last is not None
    assert last.detail["changed"] == {"environment": ["", "test"]}
    assert first_broken() == ""


EDITS: dict[str, dict[str, str]] = {
    "the environment": {"environment": "test"},
    "a region": {"regions": "us-east-1;us-west-2"},
    "another region": {"regions": "us-west-2", "eks": ""},
    "who may read": {"READ": "developers"},
    "the access role": {"access_role": "Other"},
    "existing roles": {"adopts": "yes"},
    "less of a provider": {"ec2": "access: read"},
    "a provider less": {"ecs": "no"},
    "a cluster more": {
        "eks": EKS.replace("}]", "}, {name: b, region: us-east-1, namespaces: []}]"),
    },
    "the account": {"account_id": "000000000009"},
    "nothing": {},
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_by_file_outdates_what_the_same_edit_elsewhere_does(edit: str) -> None:
    usual = {"ecs": "yes", "eks": EKS}
    verified = {"state": State.VERIFIED, "verification": State.VERIFIED}

    def written(cells: dict[str, str]) -> ManagedAccount:
        (account,) = register(file(row(1, **usual | cells)), None)
        return account

    account = written({})
    ManagedAccount.objects.update(**verified)
    by_file = written(EDITS[edit])
    said = (by_file.version - 1, by_file.state, by_file.verification)
    after = columns_of(by_file)

    account = written({})
    ManagedAccount.objects.update(**verified)
    account = ManagedAccount.objects.get()
    version = account.version
    with editing(account):
        write(account, after)
    account.refresh_from_db()

    assert said == (account.version - version, account.state, account.verification)
    assert (edit in ("the access role", "nothing")) is (said[0] == 0)


def columns_of(account: ManagedAccount) -> dict[str, Any]:
    names = ("environment", "regions", "read_roles", "access_role", "adopts")
    return {
        **{name: getattr(account, name) for name in (*names, "account_id")},
        "providers": {one.key: one.details for one in account.providers.all()},
    }


def write(account: ManagedAccount, columns: dict[str, Any]) -> None:
    account.providers.all().delete()
    for key, details in columns.pop("providers").items():
        EnabledProvider.objects.create(
            account=account, key=key, details=details, has_details=True
        )
    for name, value in columns.items():
        setattr(account, name, value)
    account.save()


@pytest.mark.exhaustive(after=0)
def test_one_error_among_ten_thousand_is_one_error_and_nothing_is_saved() -> None:
    account_row("taken", account_id="000000007000")
    rows = file(*(row(n) for n in range(1, 10_001)))

    with pytest.raises(FileProblems) as caught:
        register(rows, None)

    (problem,) = caught.value.problems
    assert problem.line == 7_001
    assert problem.message == "This AWS account is already in Bowline, as “taken”."
    assert ManagedAccount.objects.count() == 1
    assert not Activity.objects.exists()


def test_names_in_spinnaker_can_move_from_one_account_to_another() -> None:
    def named(name: str) -> str:
        return EKS.replace("region", f"account_name: {name}, region")

    register(file(row(1, eks=named("blue")), row(2, eks=named("green"))), None)

    register(file(row(1, eks=named("green")), row(2, eks=named("blue"))), None)

    held = dict(SpinnakerName.objects.values_list("name", "account__name"))
    assert held == {"a1": "a1", "a2": "a2", "green": "a1", "blue": "a2"}


def test_an_account_that_exists_in_aws_keeps_its_id() -> None:
    (account,) = register(file(row(1)), None)
    ManagedAccount.objects.filter(pk=account.pk).grant()

    with pytest.raises(FileProblems, match="You can't change the account ID while"):
        register(file(row(1, account_id="000000000009")), None)


def test_accounts_that_the_file_does_not_name_are_not_read() -> None:
    register(file(row(1), row(2)), None)
    ManagedAccount.objects.filter(name="a2").update(regions=["r"], state="unknown")

    register(file(row(1, environment="test"), row(3)), None)

    written = ManagedAccount.objects.defer("state").values_list("name", "environment")
    assert sorted(written) == [("a1", "test"), ("a2", ""), ("a3", "")]


def test_different_edits_are_each_written_to_their_own_accounts() -> None:
    register(file(*(row(n) for n in range(1, 5))), None)
    edited = [
        row(1, environment="test"),
        row(2, environment="test", READ="developers"),
        row(3, regions="us-west-2"),
        row(4),
    ]

    register(file(*edited), None)

    said = ManagedAccount.objects.order_by("name")
    names = ("environment", "read_roles", "regions")
    assert list(said.values_list(*names)) == [
        ("test", [], ["us-east-1"]),
        ("test", ["developers"], ["us-east-1"]),
        ("", [], ["us-west-2"]),
        ("", [], ["us-east-1"]),
    ]
