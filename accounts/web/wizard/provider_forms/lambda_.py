"""The form that asks for the details of Lambda."""

from __future__ import annotations

from accounts.web.wizard.provider_forms.base import (
    DetailsForm,
    NamesField,
    access_field,
    roles_path_field,
)
from onboarding.providers.lambda_ import FUNCTION_ROLES_PATH, Lambda


class LambdaForm(DetailsForm):
    asks_for = Lambda

    access = access_field()
    function_roles_path = roles_path_field("to functions", FUNCTION_ROLES_PATH)
    code_buckets = NamesField(
        label="Code buckets",
        required=False,
        help_text=(
            "S3 buckets that hold the functions' code, separated by commas. "
            "Spinnaker deploys code from S3 only: without a bucket it can neither "
            "create a function nor change one's code."
        ),
    )
    kms_keys = NamesField(
        label="KMS keys",
        required=False,
        help_text=(
            "Ids of the keys of this account that encrypt functions' environment "
            "variables, separated by commas. Spinnaker may use them through Lambda "
            "only. Empty where AWS's own key does."
        ),
    )
