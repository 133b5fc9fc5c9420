"""The forms of providers: what each asks, keeps and refuses."""

from __future__ import annotations

import pytest
from crispy_forms.utils import render_crispy_form

from accounts.forms.providers import FORMS
from accounts.forms.providers.ec2 import Ec2Form
from accounts.forms.providers.eks import EksForm
from accounts.forms.providers.lambda_ import LambdaForm
from onboarding.providers import PROVIDERS
from onboarding.providers.ec2 import Ec2
from onboarding.providers.eks import Cluster, Eks
from onboarding.providers.lambda_ import Lambda
from tests.factories import LEAST, managed, provider
from tests.onboarding.providers.clusters import EAST, eks

every_provider = pytest.mark.parametrize("key", PROVIDERS)


@every_provider
def test_a_form_without_answers_describes_the_provider_as_it_is_by_default(key):
    staging = managed()
    blank = FORMS[key](managed=staging, initial=LEAST.get(key))
    posted = {
        name: blank.get_initial_for_field(field, name)
        for name, field in blank.fields.items()
    }

    form = FORMS[key](posted, managed=staging)

    assert form.is_valid(), form.errors
    assert PROVIDERS[key].from_details(form.details()) == provider(key)


@every_provider
def test_a_form_shows_the_details_that_are_stored(key):
    form = FORMS[key](managed=managed(), initial=provider(key).details)

    shown = form.as_p()

    assert all(str(field.label) in shown for field in form.visible_fields())


@every_provider
def test_a_form_is_a_part_of_the_pages_own_form(key):
    helper = FORMS[key](managed=managed()).helper

    assert helper.form_tag is False


def test_every_provider_has_a_form():
    assert list(FORMS) == list(PROVIDERS)


KEY_PAIRS = {"KeyPairs": [{"KeyName": "ops"}, {"KeyName": "dev"}]}


@pytest.mark.parametrize(
    ("key", "found", "field", "says"),
    [
        ("ec2", KEY_PAIRS, "key_pair", "Existing key pairs: dev, ops."),
        ("ec2", None, "key_pair", "Leave empty to use staging-keypair."),
        ("ecs", None, "account_name", "Leave empty to use staging-ecs."),
        ("lambda", None, "code_buckets", "/help/docs/prepare-accounts/#aws-lambda"),
    ],
)
def test_the_help_says_what_was_found_and_what_is_used(key, found, field, says):
    east, _ = Ec2.searches(managed())

    form = FORMS[key](managed=managed(), found={east: found} if found else {})

    assert says in form.fields[field].help_text


def test_an_error_stands_beside_its_field():
    posted = {"access": "deploy", "roles_path": "/spinnaker-ec2/", "key_pair": "a;b"}

    form = Ec2Form(posted, managed=managed())

    assert not form.is_valid()
    assert "“a;b” isn't valid" in form.errors["key_pair"][0]


def test_what_is_not_ticked_is_off():
    posted = {"access": "read", "roles_path": "/spinnaker-ec2/"}
    form = Ec2Form(posted, managed=managed())

    assert form.is_valid()
    assert (
        form.details()
        == Ec2(access="read", launch_templates=False, load_balancers=False).details
    )


@pytest.mark.parametrize(
    "written", ["code, more", "code more", "code\nmore,", " code,more"]
)
def test_buckets_may_be_written_in_any_way(written):
    posted = {
        "access": "deploy",
        "function_roles_path": "/functions/",
        "code_buckets": written,
    }

    form = LambdaForm(posted, managed=managed())

    assert form.is_valid(), form.errors
    assert form.details()["code_buckets"] == ["code", "more"]


def test_stored_buckets_are_shown_in_one_line():
    stored = Lambda(code_buckets=("code", "more")).details

    form = LambdaForm(managed=managed(), initial=stored)

    assert 'value="code, more"' in str(form["code_buckets"])


def row(number, **fields):
    plain = {
        "use": "on",
        "access": "entry",
        "name": "",
        "region": EAST,
        "rights": "edit",
    }
    return {f"cluster-{number}-{k}": v for k, v in {**plain, **fields}.items() if v}


@pytest.mark.parametrize(
    ("key", "posted", "at"),
    [
        ("ec2", {"access": "all", "roles_path": "/"}, "access"),
        (
            "ecs",
            {
                "access": "deploy",
                "account_name": "staging",
                "roles_path": "/spinnaker-ecs/",
            },
            "account_name",
        ),
        (
            "eks",
            {"rows": "1", **row(0, name="apps", namespaces="Web")},
            "cluster-0-namespaces",
        ),
        (
            "eks",
            {"rows": "1", **row(0, name="apps", region="eu-west-1")},
            "cluster-0-region",
        ),
    ],
    ids=["refused by Django", "the AWS account's name", "a cell", "another Region"],
)
def test_an_error_is_said_once_and_at_its_field(key, posted, at):
    assert list(FORMS[key](posted, managed=managed()).errors) == [at]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (row(0), "Choose or enter at least one cluster."),
        (
            row(0, name="apps", account_name="web")
            | row(1, name="jobs", account_name="web"),
            "“web” is listed twice.",
        ),
    ],
    ids=["none", "two of one name"],
)
def test_what_is_wrong_with_all_rows_is_an_error_of_the_form(rows, says):
    form = EksForm({"rows": "2", **rows}, managed=managed())

    assert form.non_field_errors() == [says]


def test_clusters_that_were_found_are_ticked_with_the_least_that_deploys():
    east, _ = Eks.searches(managed())

    form = EksForm(managed=managed(), found={east: {"clusters": ["apps", "jobs"]}})

    assert form["rows"].value() == 2
    assert [form[f"cluster-{n}-name"].value() for n in range(2)] == ["apps", "jobs"]
    for row_number in range(2):
        prefix = f"cluster-{row_number}-"
        assert form[f"{prefix}use"].value() is True
        assert form[f"{prefix}rights"].value() == "edit"
        assert form[f"{prefix}namespaces"].value() == "default"


def test_a_ticked_cluster_is_kept_with_just_that():
    posted = {"rows": "1", **row(0, name="apps", rights="view", namespaces="default")}

    form = EksForm(posted, managed=managed())

    assert form.is_valid(), form.errors
    assert form.provider().clusters == (
        Cluster("apps", EAST, namespaces=("default",), rights="view"),
    )


def test_what_is_known_of_a_cluster_is_not_asked_for():
    east, _ = Eks.searches(managed())

    form = EksForm(managed=managed(), found={east: {"clusters": ["apps"]}})

    assert form["cluster-0-name"].is_hidden
    assert form["cluster-0-region"].is_hidden


def test_where_no_cluster_is_known_there_is_one_row_to_fill_in():
    form = EksForm(managed=managed())

    assert form["rows"].value() == 1
    assert not form["cluster-0-name"].is_hidden


def test_a_cluster_that_was_left_out_stays_out():
    east, _ = Eks.searches(managed())
    stored = eks(Cluster("apps", EAST)).details

    form = EksForm(
        managed=managed(), found={east: {"clusters": ["apps", "jobs"]}}, initial=stored
    )

    assert form["cluster-0-use"].value() is True
    assert form["cluster-1-use"].value() is False


def test_more_clusters_than_a_page_can_hold_are_cut():
    east, _ = Eks.searches(managed())
    many = [f"apps-{n}" for n in range(200)]

    form = EksForm(managed=managed(), found={east: {"clusters": many}})

    assert form["rows"].value() == 140


def test_a_cluster_that_is_described_already_has_one_row():
    east, _ = Eks.searches(managed())
    stored = eks(Cluster("apps", EAST, rights="admin", namespaces=("web",))).details

    form = EksForm(
        managed=managed(), found={east: {"clusters": ["apps"]}}, initial=stored
    )

    assert form["cluster-0-rights"].value() == "admin"
    assert 'value="web"' in str(form["cluster-0-namespaces"])
    assert form["rows"].value() == 1


def test_rows_that_are_ticked_and_name_a_cluster_are_its_details():
    posted = {
        "rows": "3",
        **row(0, name="apps", namespaces="web jobs"),
        **row(1, name="left", use=""),
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

    assert len(form.fields) == 1 + 7 * 140
    assert not form.is_valid()


def test_the_rows_are_shown_as_groups():
    east, _ = Eks.searches(managed())

    page = render_crispy_form(
        EksForm(managed=managed(), found={east: {"clusters": ["apps"]}})
    )

    assert "Cluster apps in us-east-1" in page
    assert "Another cluster" not in page
    assert "Add a cluster" in page
    assert "<form" not in page
