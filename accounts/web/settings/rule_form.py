"""The form of a rule about environments."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from accounts.forms.fields import bare_helper, checked
from accounts.models import EnvironmentRule, Unit
from onboarding import names


class RuleForm(forms.ModelForm[EnvironmentRule]):
    class Meta:
        model = EnvironmentRule
        fields: ClassVar = ["by", "value", "environment"]
        labels: ClassVar = {"by": "Accounts by", "value": "ID or pattern"}
        help_texts: ClassVar = {
            "value": "An AWS account ID, a pattern such as prod-*, or the ID of an "
            "organizational unit."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = bare_helper()

    def clean_environment(self) -> str:
        said: str = self.cleaned_data["environment"]
        return checked(names.environment, said)

    def clean_value(self) -> str:
        value: str = self.cleaned_data["value"]
        match self.cleaned_data.get("by"):
            case EnvironmentRule.By.ID:
                return checked(names.account_id, value)
            case EnvironmentRule.By.NAME:
                return checked(names.seen, value)
        if not known_unit(value):
            raise forms.ValidationError(
                "Bowline didn't find this unit in the organization."
            )
        return value

    @property
    def given(self) -> dict[str, EnvironmentRule]:
        return {"rule": self.save(commit=False)}


def known_unit(unit_id: str) -> bool:
    return Unit.objects.filter(unit_id=unit_id).exists()
