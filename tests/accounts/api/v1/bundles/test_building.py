"""Bundles by the API: built, and marked as installed."""

from __future__ import annotations

from accounts.models import Activity, Bundle
from accounts.models.states import State
from tests.accounts.api.calling import detail
from tests.bundles import core, staging
from tests.factories import topology
from tests.rows import account_row, bundle_row


def test_it_builds_the_next_bundle_once_for_one_key(operator, managing):
    account_row(state=State.VERIFIED, verification=State.VERIFIED)

    answers = [operator.post("/bundles", key="one") for _ in range(2)]
    another = operator.post("/bundles", key="two")

    assert [one.status_code for one in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["status"], answers[0].json()["accounts"]) == (
        "building",
        1,
    )
    assert another.json()["number"] == 2
    assert Activity.objects.filter(what="build").count() == 2


def test_it_records_which_bundle_spinnaker_has(operator):
    Bundle.objects.create(number=1, status=Bundle.Status.READY)
    Bundle.objects.create(number=2)

    answer = operator.post("/bundles/1/installed")
    refused = operator.post("/bundles/2/installed")

    assert answer.status_code == 200
    assert answer.json()["installed_at"] is not None
    assert Bundle.objects.get(number=1).installed_by_name == "operator"
    assert detail(refused) == (
        "Bundle 2 is building. You can't mark it as installed yet."
    )
    assert operator.post("/bundles/3/installed").status_code == 404


def test_where_accounts_are_gone_from_it_somebody_must_have_looked(operator):
    bundle_row(topology(core()), 1, topology(core(), staging()))

    refused = operator.post("/bundles/1/installed")
    answer = operator.post("/bundles/1/installed", {"answer": "gone"})

    assert "includes some earlier accounts" in detail(refused, 422)
    assert answer.json()["installed_at"] is not None


def test_a_broken_account_is_added_only_where_it_is_named(operator, managing):
    account_row(state=State.FAILED, verification=State.VERIFIED)

    refused = operator.post("/bundles")
    built = operator.post("/bundles", {"add_broken": ["staging"]})

    assert refused.status_code == 409
    assert "For each account, choose whether to add it" in detail(refused)
    assert refused.json()["errors"][0]["at"] == "body.add_broken"
    assert built.status_code == 202
