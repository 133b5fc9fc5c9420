"""The access step's text for whoever makes the access role: it trusts Bowline alone, so
STS is asked first who Bowline is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.discover.lookups import CALLER, Question, principal_of
from accounts.http import Request, attachment
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import Lookup, ManagedAccount
from accounts.people.doors import operator_required
from accounts.web.lookups import Asking, look_up
from accounts.web.wizard.forms import AccessForm
from accounts.web.wizard.page import page
from onboarding.access_role import (
    FILE,
    AccessRole,
    stack_command,
    stack_set_commands,
    usable_name,
)

READ_FOR = timedelta(hours=1)
"""As long as somebody may read the page before taking the file from it."""


@operator_required
def access_role(request: Request, pk: UUID) -> HttpResponse:
    """Show the role's template, and how it comes into every account."""
    account = get_object_or_404(ManagedAccount, pk=pk)
    looked = look_up(request, question())
    shown: dict[str, Any]
    if isinstance(looked, Asking):
        shown = {"asking_bowline": looked}
    elif looked.refused:
        shown = {"bowline_refused": looked}
    else:
        shown = texts(account, looked)
    if request.htmx:
        shown["account"] = account
        return render(request, "wizard/_access_role_texts.html", shown)
    form = AccessForm(instance=account)
    return page(request, account, "access", form=form, opens_role=True, **shown)


@operator_required
def access_role_file(request: Request, pk: UUID) -> HttpResponse:
    """Return the template as a file, for the Bowline that the page has just shown."""
    account = get_object_or_404(ManagedAccount, pk=pk)
    found = just_answered()
    if found is None:
        return redirect(f"{reverse('accounts:access-role', args=[pk])}?look=1")
    template = texts(account, found)["role"].template
    return attachment(template, FILE, "application/yaml")


def just_answered() -> Lookup | None:
    """Return the answer that somebody may be reading still."""
    rows = Lookup.objects.filter(question=question().digest, message="")
    return rows.answered(READ_FOR).first()


def question() -> Question:
    return Question(CALLER, managing_row().partition)


def texts(account: ManagedAccount, caller: Lookup) -> dict[str, Any]:
    managing = managing_of(managing_row())
    region = next(iter(account.regions), managing.aws.home_region)
    return {
        "role": AccessRole(
            managing, principal_of(caller), usable_name(account.access_role)
        ),
        "commands": stack_set_commands(region),
        "by_itself": stack_command(region),
        "file": FILE,
    }
