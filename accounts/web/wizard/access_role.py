"""The access step's text for whoever makes the access role: it trusts Bowline alone, so
STS is asked first who Bowline is.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.discover.access import just_answered, texts, who_is_bowline
from accounts.http import Request, attachment
from accounts.models import ManagedAccount
from accounts.people.doors import operator_required
from accounts.web.questions import Asking, look_up
from accounts.web.wizard.access import access_form
from accounts.web.wizard.page import page
from onboarding.access_role import FILE


@operator_required
def access_role(request: Request, pk: UUID) -> HttpResponse:
    """Show the role's template, and how it comes into every account."""
    account = get_object_or_404(ManagedAccount, pk=pk)
    looked = look_up(request, who_is_bowline())
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
    form = access_form(None, account)
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
