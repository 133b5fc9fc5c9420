"""Sites of many accounts are made in the database, of copied rows."""

from __future__ import annotations

from accounts.models import ManagedAccount
from script.simulated_accounts import copied


def test_a_copy_has_what_the_database_does_not_make_itself() -> None:
    every = ManagedAccount._meta.concrete_fields
    generated = {one.column for one in every if one.generated}

    names = copied(ManagedAccount, ["id"])

    assert generated
    assert not generated & {*names}
    assert {"id", "name", "state"} <= {*names}
    assert "id" not in copied(ManagedAccount, [])
