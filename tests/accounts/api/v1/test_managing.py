"""The managing account by the API: described as in a file, and planned."""

from __future__ import annotations

import pytest

from accounts.models import Activity, ManagingAccount, Run
from tests.accounts.api.calling import detail
from tests.rows import kept_role, managing_row

CORE = {"name": "core", "account_id": "911111111111"}


def test_it_is_not_there_before_it_is_described(reader):
    assert detail(reader.read("/managing-account"), 404) == (
        "There is no managing account yet. Describe it with PUT."
    )


def test_it_is_described_as_in_a_file_and_sent_back_unchanged(operator):
    made = operator.put("/managing-account", {**CORE, "trusts_bowline": False})
    row = ManagingAccount.objects.get()

    again = operator.put("/managing-account", made.json()["settings"])

    assert (made.status_code, again.status_code) == (201, 200)
    assert (row.name, row.account_id, row.trusts_bowline) == (*CORE.values(), False)
    assert ManagingAccount.objects.get().version == row.version
    assert again.json() == made.json()
    assert Activity.objects.filter(about="core").count() == 1


def test_any_number_of_accounts_fits_where_the_organization_is_trusted(operator):
    by_organization = {**CORE, "assume": {"organization": "o-aa111bb222"}}

    made = operator.put("/managing-account", by_organization)

    assert made.status_code == 201
    assert operator.read("/managing-account").json()["most"] is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"account_id": "12"}, "12 digits"),
        ({"base_role": "no such/role"}, "no such/role"),
        ({"assume": "everybody"}, "assume is `listed`"),
        ({"identity": {"a": "b", "c": "d"}}, "a"),
        ({"partition": "mars"}, "The partitions are"),
    ],
)
def test_what_a_file_must_not_say_is_refused_with_its_sentence(
    operator, wrong, sentence
):
    answer = operator.put("/managing-account", {**CORE, **wrong})

    assert sentence in detail(answer, 422)
    assert not ManagingAccount.objects.exists()


def test_it_is_planned_once_for_one_key(operator, managing):
    answers = [operator.post("/managing-account/plan", key="one") for _ in range(2)]

    assert [one.status_code for one in answers] == [202, 202]
    run = Run.objects.get()
    assert (run.kind, answers[1].json()["number"]) == (Run.Kind.MANAGING, run.number)
    shown = operator.read("/managing-account").json()
    assert (shown["state"], shown["open_run"]) == ("draft", run.number)


def test_a_kept_role_is_taken_off_the_list_and_no_other_edit_does_so(operator):
    managing_row(kept_roles=[kept_role(7), kept_role(8)])
    operator.put("/managing-account", {**CORE, "bakes": True})
    off = "/managing-account/kept-roles/take-off"

    one = operator.post(off, {"arn": kept_role(7)["arn"]})
    again = operator.post(off, {"arn": kept_role(7)["arn"]})

    assert [kept["account"] for kept in one.json()["kept_roles"]] == ["left8"]
    assert "isn't on the list of kept roles" in detail(again)


OTHER_SITE = {
    "site": "0b1f6a52-7c1e-4a53-9c39-0d8a5f5d8f11",
    "revision": 12,
    "roles": [kept_role(8)["arn"]],
}


def test_the_list_of_another_database_is_shown_and_adopted(operator):
    managing_row(other_site=OTHER_SITE)
    adopt = "/managing-account/list/adopt"

    found = operator.read("/managing-account").json()["other_site"]
    one = operator.post(adopt)
    again = operator.post(adopt)

    assert found == OTHER_SITE
    assert one.json()["other_site"] is None
    (kept,) = one.json()["kept_roles"]
    assert (kept["arn"], kept["account"], kept["names"], kept["who"]) == (
        *(kept_role(8)["arn"], "", [], "operator"),
    )
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_adopt")
