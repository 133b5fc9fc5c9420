"""The form in which clusters are chosen, a row each."""

from __future__ import annotations

import pytest
from crispy_forms.utils import render_crispy_form

from accounts.web.wizard.provider_forms.eks import EksForm
from onboarding.providers.eks import Cluster, Eks
from tests.factories import managed
from tests.onboarding.providers.clusters import EAST, eks


def row(number, **fields):
    plain = {"access": "entry", "name": "", "region": EAST, "rights": "edit"}
    return {f"cluster-{number}-{k}": v for k, v in {**plain, **fields}.items()}


def test_the_form_has_a_row_for_each_cluster_found_left_out_until_chosen():
    east, _ = Eks.searches(managed())

    form = EksForm(managed=managed(), found={east: {"clusters": ["apps", "jobs"]}})

    names = [form[f"cluster-{n}-name"].value() for n in range(4)]
    assert names == ["apps", "jobs", None, None]
    assert [form[f"cluster-{n}-access"].value() for n in range(3)] == ["", "", "entry"]


def test_more_clusters_than_a_page_can_hold_are_cut():
    east, _ = Eks.searches(managed())
    many = [f"apps-{n}" for n in range(200)]

    form = EksForm(managed=managed(), found={east: {"clusters": many}})

    assert form["rows"].value() == 150


def test_a_cluster_that_is_described_already_has_one_row():
    east, _ = Eks.searches(managed())
    stored = eks(Cluster("apps", EAST, rights="admin", namespaces=("web",))).details

    form = EksForm(
        managed=managed(), found={east: {"clusters": ["apps"]}}, initial=stored
    )

    assert form["cluster-0-rights"].value() == "admin"
    assert 'value="web"' in str(form["cluster-0-namespaces"])
    assert not form["cluster-1-name"].value()


def test_rows_that_name_a_cluster_and_an_access_are_its_details():
    posted = {
        "rows": "3",
        **row(0, name="apps", namespaces="web jobs"),
        **row(1, name="left", access=""),
        **row(2),
    }

    form = EksForm(posted, managed=managed())

    assert form.is_valid(), form.errors
    assert Eks.from_details(form.details()) == eks(
        Cluster("apps", EAST, namespaces=("web", "jobs"))
    )


def test_rows_are_counted_by_the_page_that_was_shown():
    posted = {"rows": "9", **row(8, name="apps")}

    form = EksForm(posted, managed=managed())

    assert form.is_valid(), form.errors
    assert form.details()["clusters"][0]["name"] == "apps"


@pytest.mark.parametrize("rows", ["", "-1", "many", "²"])
def test_a_page_without_a_count_names_no_cluster(rows):
    form = EksForm({"rows": rows, **row(0, name="apps")}, managed=managed())

    assert not form.is_valid()


def test_a_huge_count_is_cut():
    form = EksForm({"rows": "1000000"}, managed=managed())

    assert len(form.fields) == 1 + 6 * 150
    assert not form.is_valid()


def test_a_wrong_cell_has_its_error_beside_it():
    posted = {"rows": "1", **row(0, name="apps", namespaces="Web")}

    form = EksForm(posted, managed=managed())

    assert list(form.errors) == ["cluster-0-namespaces"]


def test_a_region_that_the_account_does_not_have_is_refused():
    posted = {"rows": "1", **row(0, name="apps", region="eu-west-1")}

    form = EksForm(posted, managed=managed())

    assert list(form.errors) == ["cluster-0-region"]


def test_no_row_at_all_is_an_error_of_the_form():
    form = EksForm({"rows": "1", **row(0)}, managed=managed())

    assert form.non_field_errors() == ["Choose or write at least one cluster."]


def test_two_rows_of_one_name_are_an_error_of_the_form():
    posted = {
        "rows": "2",
        **row(0, name="apps", account_name="web"),
        **row(1, name="jobs", account_name="web"),
    }

    form = EksForm(posted, managed=managed())

    assert form.non_field_errors() == ["“web” is listed twice."]


def test_the_rows_are_shown_as_groups():
    east, _ = Eks.searches(managed())

    page = render_crispy_form(
        EksForm(managed=managed(), found={east: {"clusters": ["apps"]}})
    )

    assert "Cluster apps in us-east-1" in page
    assert page.count("Another cluster") == 2
    assert "<form" not in page
