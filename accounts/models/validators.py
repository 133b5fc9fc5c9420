"""The engine's rules about names, as validators of rows."""

from __future__ import annotations

from django.core.validators import RegexValidator

from onboarding import names

is_account_name = RegexValidator(
    rf"^{names.ACCOUNT_NAME.pattern}\Z", names.ACCOUNT_NAME.rule
)
is_account_id = RegexValidator(r"^[0-9]{12}\Z", names.ACCOUNT_ID_RULE)
is_role_name = RegexValidator(rf"^{names.ROLE_NAME.pattern}\Z", names.ROLE_NAME.rule)
