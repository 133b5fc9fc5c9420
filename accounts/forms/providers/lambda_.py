"""The form that asks for the details of Lambda."""

from __future__ import annotations

from accounts.forms.fields import ListField
from accounts.forms.providers.base import (
    DetailsForm,
    access_field,
    more_roles_field,
    roles_path_field,
)
from accounts.help.documents import more
from onboarding.providers.lambda_ import FUNCTION_ROLES_PATH, Lambda


class LambdaForm(DetailsForm):
    asks_for = Lambda

    access = access_field()
    function_roles_path = roles_path_field(FUNCTION_ROLES_PATH)
    more_roles = more_roles_field()
    code_buckets = ListField(
        label="Code buckets",
        required=False,
        help_text=more(
            "Comma-separated list of S3 buckets.", "prepare-accounts#aws-lambda"
        ),
    )
    kms_keys = ListField(
        label="KMS keys",
        required=False,
        help_text=(
            "Key IDs, separated by commas. Leave empty for the AWS managed key."
        ),
    )
