from __future__ import annotations

import pytest

from accounts.forms.providers.lambda_ import LambdaForm
from onboarding.providers.lambda_ import Lambda
from tests.factories import managed


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


def test_the_form_leads_to_why_a_bucket_is_needed():
    form = LambdaForm(managed=managed())

    assert "#functions" in form.fields["code_buckets"].help_text
