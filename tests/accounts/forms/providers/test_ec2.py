from __future__ import annotations

from accounts.forms.providers.ec2 import Ec2Form
from onboarding.providers.ec2 import Ec2
from tests.factories import managed


def test_the_form_lists_the_key_pairs_that_were_found():
    staging = managed()
    east, _ = Ec2.searches(staging)
    found = {east: {"KeyPairs": [{"KeyName": "ops"}, {"KeyName": "dev"}]}}

    form = Ec2Form(managed=staging, found=found)

    assert "Existing key pairs: dev, ops." in form.fields["key_pair"].help_text


def test_the_form_needs_no_answer_of_aws():
    form = Ec2Form(managed=managed())

    assert form.fields["key_pair"].help_text.endswith(
        "Leave empty to use staging-keypair."
    )


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


def test_a_field_that_django_refuses_is_not_refused_twice():
    form = Ec2Form({"access": "all", "roles_path": "/"}, managed=managed())

    assert list(form.errors) == ["access"]
