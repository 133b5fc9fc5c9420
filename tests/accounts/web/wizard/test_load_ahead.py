from __future__ import annotations

import pytest

from accounts.web.wizard.details import load_ahead
from onboarding.topology import OtherName
from tests.bundles import core, staging
from tests.factories import managed, provider, topology
from tests.rows import account_row, bundle_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_files_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onboarding.spinnaker.bundle.limits.WORTH_A_WORD", 0)
    monkeypatch.setattr("onboarding.spinnaker.bundle.limits.MANY_ACCOUNTS", 1)


def one_account(name="staging", **fields):
    account = managed(provider("ec2"), name=name, regions=("us-east-1",))
    return topology(account, **fields)


def test_the_first_account_is_counted_alone():
    ahead = load_ahead(one_account())

    assert ahead.bundle is None
    assert ahead.limits[0].arithmetic.startswith("1 × 14 (EC2")
    assert [limit.title for limit in ahead.limits] == [
        "Caching agents",
        "Start of Clouddriver",
        "clouddriver/clouddriver-local.yml",
    ]


def test_the_accounts_of_the_latest_bundle_are_counted_too():
    bundle = bundle_row(topology(core()))
    bundle_row(topology(core(), staging()), number=2)

    ahead = load_ahead(one_account("qa"))

    assert ahead.bundle is not None
    assert (bundle.number, ahead.bundle.number) == (1, 2)
    # Two accounts of two regions in the bundle, and one of one region.
    assert ahead.limits[0].arithmetic.startswith("5 × 14 (EC2")


def test_an_account_that_is_in_the_bundle_counts_once():
    bundle = bundle_row(topology(core(), staging()))
    sizes = {file["path"]: file["size"] for file in bundle.files}
    size = sizes["clouddriver/clouddriver-local.yml"]

    ahead = load_ahead(one_account("staging"))

    assert ahead.limits[0].arithmetic.startswith("3 × 14 (EC2")
    assert ahead.limits[2].said == f"{size:,} bytes"


def test_an_account_in_the_bundle_counts_once_for_each_of_its_names():
    named = staging(other_names=(OtherName("staging-eu", ("eu-west-1",)),))
    bundle_row(topology(named))

    ahead = load_ahead(topology(named))

    # Two regions by the first name, and one by the other.
    assert ahead.limits[0].arithmetic.startswith("3 × 14 (EC2")


def test_a_role_that_clouddriver_would_misread_leaves_the_file_out():
    ahead = load_ahead(one_account(managed_role="spinnaker-aws-cn"))

    assert [limit.title for limit in ahead.limits] == [
        "Caching agents",
        "Start of Clouddriver",
    ]


def test_the_review_and_the_bundle_show_it(operator, managing) -> None:
    bundle_row(topology(core()))
    account = account_row("qa")

    review = operator.get(f"/accounts/{account.pk}/review/").content.decode()
    bundle = operator.get("/bundles/1/?tab=load").content.decode()

    assert "3 × 14 (EC2" in review
    assert "Including the other accounts in" in review
    assert "2 × 14 (EC2" in bundle
    assert 'href="https://github.com/spinnaker/clouddriver/pull/5539"' in bundle


def test_few_accounts_have_no_load_worth_showing(
    operator, managing, monkeypatch
) -> None:
    monkeypatch.undo()
    bundle_row(topology(core()))
    account = account_row("qa")

    review = operator.get(f"/accounts/{account.pk}/review/").content.decode()
    bundle = operator.get("/bundles/1/?tab=load").content.decode()

    assert "Load on Spinnaker" not in review
    assert "this page shows how many caching agents" in bundle
