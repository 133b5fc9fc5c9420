"""What the forms that ask for a provider's details share."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from accounts.forms.fields import ListField, bare_helper
from accounts.help.documents import more
from onboarding.details import DetailsError
from onboarding.providers.roles import ACCESS, DEPLOY

if TYPE_CHECKING:
    from onboarding.checks import Call
    from onboarding.providers.base import Provider
    from onboarding.topology import Managed

NOTHING: Mapping[Call, Any] = MappingProxyType({})


def access_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Access",
        choices=list(ACCESS.items()),
        initial=DEPLOY,
        help_text=more("", "accounts-file#provider-settings"),
    )


def roles_path_field(initial: str) -> forms.CharField:
    return forms.CharField(
        label="Role path",
        max_length=512,
        initial=initial,
        help_text=more(
            "Spinnaker can pass only roles under this path.",
            "prepare-accounts#amazon-ec2",
        ),
    )


def more_roles_field() -> ListField:
    return ListField(
        label="Other roles",
        required=False,
        help_text=more("Such as /web.", "prepare-accounts#amazon-ec2"),
    )


class DetailsForm(forms.Form):
    """Asks for details, and refuses with the provider's own sentences.

    `found` holds AWS's answers to the provider's `searches`, as far as there are any.
    """

    asks_for: ClassVar[type[Provider]]

    def __init__(
        self,
        data: Any = None,
        *,
        managed: Managed,
        found: Mapping[Call, Any] = NOTHING,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.managed = managed
        self.found = found
        self.helper = bare_helper()
        self.describe_fields()

    def describe_fields(self) -> None:
        """Write the help texts that depend on the account or on what was found."""

    def details(self) -> dict[str, Any]:
        """Return the details as JSON, once the form is valid."""
        return dict(self.cleaned_data)

    def provider(self) -> Provider:
        """Make the provider; raise DetailsError where the details are wrong."""
        return self.asks_for.from_details(self.details())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                self.provider().suit(self.managed)
            except DetailsError as error:
                field = error.field if error.field in self.fields else None
                self.add_error(field, str(error))
        return cleaned
