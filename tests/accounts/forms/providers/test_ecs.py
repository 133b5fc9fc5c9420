from __future__ import annotations

from accounts.forms.providers.ecs import EcsForm
from tests.factories import managed


def test_the_form_refuses_the_aws_accounts_name_beside_the_field():
    posted = {
        "access": "deploy",
        "account_name": "staging",
        "execution_role": "",
        "roles_path": "/spinnaker-ecs/",
    }

    form = EcsForm(posted, managed=managed())

    assert list(form.errors) == ["account_name"]


def test_the_form_says_what_the_account_is_called_unless_named():
    form = EcsForm(managed=managed())

    assert form.fields["account_name"].help_text.endswith(
        "Leave empty to use staging-ecs."
    )
