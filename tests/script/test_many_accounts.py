"""A site of many accounts is made in its database, of copies of one account's rows."""

from __future__ import annotations

from accounts.models import CheckResult, ManagedAccount, Run
from script.many_accounts import copied


def columns_of(model: type) -> dict[str, str]:
    return {
        field.name: copied(field)
        for field in model._meta.concrete_fields  # type: ignore[attr-defined]
    }


def test_a_copy_has_what_the_database_does_not_make_itself() -> None:
    columns = columns_of(ManagedAccount)
    generated = [f.name for f in ManagedAccount._meta.concrete_fields if f.generated]

    assert generated
    assert [name for name, value in columns.items() if not value] == generated
    assert columns_of(CheckResult)["id"] == ""


def test_a_copy_is_named_as_its_account_and_has_its_own_key() -> None:
    columns = columns_of(ManagedAccount)

    assert columns["id"] == 'md5(t."id"::text || n)::uuid'
    assert "'account-' || n" in columns["name"]
    assert columns["verified"].endswith("::jsonb")
    assert columns["state"].startswith("replace(")


def test_a_copy_of_a_row_belongs_to_the_copy_of_its_account() -> None:
    assert columns_of(Run)["account"] == 'md5(t."account_id"::text || n)::uuid'
    assert columns_of(CheckResult)["run"] == 'md5(t."run_id"::text || n)::uuid'
    assert columns_of(Run)["number"].startswith("nextval(")
