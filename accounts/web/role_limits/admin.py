"""The admin site's page of a person says for which environments the roles are."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest

from accounts.forms.fields import checked
from accounts.people.look_alikes import new_name
from accounts.people.role_limits.limits import limit, limits_by_hand
from accounts.people.roles import APPROVER, OPERATOR
from accounts.web.role_limits.fields import EnvironmentsField

FIELDS = {"operator_in": OPERATOR, "approver_in": APPROVER}


class NewPersonForm(AdminUserCreationForm):  # type: ignore[type-arg]  # none at run time
    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        return checked(new_name, name)


class PersonForm(UserChangeForm):  # type: ignore[type-arg]  # as above
    def clean_username(self) -> str:
        """Let somebody who has had a name for long keep it."""
        name: str = self.cleaned_data["username"]
        if name == self.initial.get("username"):
            return name
        return checked(partial(new_name, of=self.instance), name)


class LimitedPersonForm(PersonForm):
    operator_in = EnvironmentsField(role=OPERATOR)
    approver_in = EnvironmentsField(role=APPROVER)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, role in FIELDS.items():
            self.initial[name] = limits_by_hand(self.instance).get(role.name)


class LimitedPersonAdmin(UserAdmin):  # type: ignore[type-arg]  # as above
    """Nobody limits their own roles, or frees them: another administrator does."""

    form = PersonForm
    add_form = NewPersonForm

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        found = super().get_fieldsets(request, obj)
        if obj is None or obj == request.user:
            return found
        return [*found, ("Environments", {"fields": [*FIELDS]})]

    def get_form(
        self,
        request: HttpRequest,
        obj: Model | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        if obj is not None and obj != request.user:
            kwargs["form"] = LimitedPersonForm
        return super().get_form(request, obj, change=change, **kwargs)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Limit the roles, and record it."""
        super().save_related(request, form, formsets, change)
        assert isinstance(request.user, User)
        for name, role in FIELDS.items():
            if name in form.cleaned_data:
                limit(form.instance, role, form.cleaned_data[name], request.user)
