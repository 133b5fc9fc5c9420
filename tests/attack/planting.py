"""Puts a text into every field of every row, where text can be."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db import models

from tests.attack.hostile import SHORT

OWN = {
    "Activity.hash",
    "Activity.previous",
    "AdoptedAccount.said",
    "Adoption.digest",
    "Adoption.report",
    "ApiToken.digest",
    "ApiToken.scopes",
    "BrowserSession.auth_hash",
    "BrowserSession.session_data",
    "BrowserSession.session_key",
    "Bundle.files",
    "Bundle.sha256",
    "DeliveredAccount.name",
    "DeliveryStep.type",
    "DeliveryStep.was",
    "EnabledProvider.key",
    "Findings.results",
    "ForeignPolicy.alike",
    "HandOffText.digest",
    "KeptAnswer.digest",
    "Question.input",
    "Question.key",
    "Question.kind",
    "ManagedAccount.approved_entries",
    "ManagedAccount.verification",
    "ManagedAccount.verified",
    "ManagingAccount.account_id",
    "ManagingAccount.kept_roles",
    "Member.called",
    "Member.state",
    "Organization.account_id",
    "Organization.partition",
    "Organization.to_read",
    "Run.fingerprint",
    "SpinnakerName.name",
    "Step.verb",
    "Unit.lineage",
}
"""What Bowline itself writes, out of few values or computed, and looks up by."""

READ = {
    "EnabledProvider.details",
    "ManagedAccount.name",
    "ManagedAccount.regions",
    "Spinnaker.result",
}
"""What a row cannot be read with, where it is not as it must be."""


def plant(text: str, *, spare: set[str]) -> None:
    """Write the text into every field but some, as far as there is room for it."""
    for model in apps.get_app_config("accounts").get_models():
        assert model._default_manager.exists(), f"The site has no {model.__name__}."
        for field in model._meta.fields:
            if f"{model.__name__}.{field.name}" not in spare:
                plant_field(model, field, text)
    for user in User.objects.exclude(groups=None):
        User.objects.filter(pk=user.pk).update(
            username=f"{text}{user.pk}"[:150],
            first_name=text[:150],
            last_name=text[:150],
            email=text[:254],
        )


def plant_field(
    model: type[models.Model], field: models.Field[Any, Any], text: str
) -> None:
    kinds = (models.CharField, models.TextField, models.JSONField)
    if not isinstance(field, kinds) or field.choices or field.primary_key:
        return
    if field.max_length and field.max_length < len(text) + 2:
        text = text[:SHORT]
    rows = list(model._default_manager.order_by("pk"))
    for number, row in enumerate(rows):
        only = field.unique or field.name == "account_id"
        own = f"{text}{number}" if only else text
        setattr(row, field.name, planted(getattr(row, field.name), own))
    # Not by its own manager: the activity log refuses to be changed.
    models.QuerySet(model).bulk_update(rows, [field.name])


def planted(value: Any, text: str) -> Any:
    """Put the text in place of every line of text in a value."""
    match value:
        case str():
            return "\n".join(text for _ in value.splitlines())
        case list():
            return [planted(one, text) for one in value]
        case dict():
            return {key: planted(one, text) for key, one in value.items()}
    return value
