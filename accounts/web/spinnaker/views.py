"""The connection with Spinnaker: what is described, what a test saw, what to set there.

A test is a worker's; an administrator describes the connection, and confirms it.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.discover.access import connection_test, switches_of
from accounts.discover.questions import ask
from accounts.forms.fields import Fieldset, MoreChoices, bare_helper
from accounts.help.documents import more
from accounts.http import Request, attachment
from accounts.lists.bundles import ahead, installed_bundle
from accounts.mapping.entries import verified_bake_account
from accounts.mapping.spinnaker import (
    COLUMNS,
    describe_spinnaker,
    disconnect,
    refusals,
    say_run_by,
)
from accounts.models import (
    Bundle,
    DeliveredAccount,
    Delivery,
    ManagingAccount,
    Spinnaker,
)
from accounts.people.doors import administrator_required, posted_by_operator
from accounts.spinnaker.testing import last_test
from accounts.web.crumbs import crumbs
from accounts.web.managing.forms import shown_for_values
from accounts.web.posts import post
from accounts.web.questions import Asking, look_up
from accounts.web.role_limits import everywhere
from accounts.web.you.confirmation import confirmation_required
from onboarding.checks import Outcome
from onboarding.delivery.connection import (
    FIELDS_OF,
    SIGN_IN_FIELDS,
    Connection,
    SignInBy,
)
from onboarding.spinnaker.bundle.readme import WAYS
from onboarding.spinnaker.services.places import Service

NEVER_REPEATED = ("url", "authorities", *SIGN_IN_FIELDS)
"""What is refused there may be a secret, so it is not shown again."""


class SpinnakerForm(forms.ModelForm):  # type: ignore[type-arg]  # it has no [] at run time
    """Describes how Bowline reaches Gate."""

    class Meta:
        model = Spinnaker
        fields = COLUMNS
        labels = {
            "url": "Gate's base URL",
            "sign_in": "Bowline signs in with",
            "secret": "Secret reference",
            "key": "Private key",
            "authorities": "Certificate authorities",
            "poll_seconds": "Clouddriver polls every … seconds",
        }
        help_texts = {
            "url": "For example https://gate.example.com or …/api/v1.",
            "release": "For example 2026.2.",
            "sign_in": more(
                "A dedicated service account with an admin role.",
                "running-spinnaker#before-you-begin",
            ),
            "secret": more(
                "env:NAME or file:/PATH.",
                "running-spinnaker#2-restrict-hosts-and-secrets",
            ),
            "certificate": "file:/PATH",
            "key": "file:/PATH. Leave empty if the key is in the certificate file.",
            "authorities": ("file:/PATH. Leave empty for the system's authorities."),
            "poll_seconds": "The value of reloadFrequencyMs, in seconds.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        said = "the system's authorities are trusted"
        if self.instance.authorities:
            said = f"{self.instance.authorities} is trusted"
        polls = self.instance.poll_seconds
        self.helper = bare_helper(
            Fieldset("Spinnaker", "url", "release"),
            Fieldset(
                "Sign-in",
                "sign_in",
                shown_for_values("sign_in", SignInBy.BASIC, "username"),
                shown_for_values(
                    "sign_in", f"{SignInBy.TOKEN} {SignInBy.BASIC}", "secret"
                ),
                shown_for_values("sign_in", SignInBy.CERTIFICATE, "certificate", "key"),
            ),
            MoreChoices(
                f"Clouddriver polls every {polls} seconds, and {said}.",
                "poll_seconds",
                "authorities",
            ),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if sign_in := cleaned.get("sign_in"):
            for name in {*SIGN_IN_FIELDS} - {*FIELDS_OF[SignInBy(sign_in)]}:
                # Not shown, so neither wrong nor kept.
                self.errors.pop(name, None)
                cleaned[name] = ""
        described = self.described
        for name, sentence in [*described.problems()] or refusals(described):
            if name not in self.errors:
                self.add_error(name, sentence)
        refused = [name for name in NEVER_REPEATED if name in self.errors]
        if refused:
            given = {name: self.data.get(name) for name in self.data}
            self.data = {**given, **dict.fromkeys(refused, "")}
        return cleaned

    @property
    def described(self) -> Connection:
        """Give the connection as it was filled in, wrong or not."""
        return Connection(**{name: self.cleaned_data.get(name, "") for name in COLUMNS})


def run_by_now() -> dict[str, Any]:
    """Return what `spinnaker/_run_by.html` shows."""
    row = ManagingAccount.objects.only("run_by").first() or ManagingAccount()
    title = row.get_run_by_display()
    return {"run_by": row.run_by, "run_by_title": title, "ways": WAYS}


def asked_on(posted: QueryDict) -> str:
    """Lead back to the page that asked."""
    number = posted.get("bundle", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    bundle = Bundle.objects.light().filter(number=number if is_number else 0).first()
    return bundle.get_absolute_url() if bundle else "accounts:spinnaker-now"


posts = [
    post(
        "settings/spinnaker/run-by/",
        say_run_by,
        name="spinnaker-run-by",
        given=lambda posted: {"run_by": posted.get("run_by", "")},
        back=asked_on,
    ),
    post(
        "settings/spinnaker/disconnect/",
        disconnect,
        name="spinnaker-disconnect",
        said=lambda done: done and "Bowline is no longer connected to Spinnaker.",
        then="accounts:spinnaker",
        guard=confirmation_required("accounts:spinnaker"),
    ),
]


def spinnaker_now(request: Request) -> HttpResponse:
    installed = installed_bundle()
    shown = {
        "installed": installed,
        "ahead": ahead(installed),
        "row": Spinnaker.objects.first(),
        "delivery": Delivery.objects.light().first(),
        "delivered": DeliveredAccount.objects.owned().count(),
        **run_by_now(),
        **everywhere(request, "how Spinnaker is run"),
    }
    return render(request, "spinnaker/now.html", shown)


SOMEONE_ELSE = (
    "Your changes weren't saved. Someone else connected Spinnaker while this page "
    "was open. Reload the page to edit the connection."
)


def spinnaker(request: Request) -> HttpResponse:
    """Show the connection with its last test; `look` in the URL waits for one."""
    row = Spinnaker.objects.first()
    shown = tested(request, row) if row else {}
    if request.htmx:
        return render(request, "spinnaker/_tested.html", {"row": row, **shown})
    managing = ManagingAccount.objects.first()
    shown |= {
        "row": row,
        "switches": switches_of(managing, row) if managing else {},
        "orca": Service.ORCA.file,
        "bake": verified_bake_account(managing) if managing else None,
    }
    return render(request, "spinnaker/spinnaker.html", shown)


def tested(request: Request, row: Spinnaker) -> dict[str, Any]:
    """Return what the last test saw, or how the page waits for the one that runs."""
    if "look" in request.GET:
        looked = look_up(request, connection_test(row))
        if isinstance(looked, Asking):
            return {"asking": looked}
        if looked.refused:
            return {"refusal": looked}
        row.refresh_from_db()
    seen = last_test(row)
    failed = any(one.outcome == Outcome.FAILED for one in seen)
    return {"seen": seen, "failed": failed}


@posted_by_operator
def spinnaker_test(request: Request) -> HttpResponse:
    """Let a worker test the connection; nothing in Spinnaker changes."""
    return asked_for_a_test(request)


def asked_for_a_test(request: Request) -> HttpResponse:
    row = Spinnaker.objects.first()
    if row is None:
        return redirect("accounts:spinnaker")
    ask(connection_test(row), request.user, again=True)
    return redirect(f"{reverse('accounts:spinnaker')}?look=answer#test")


def spinnaker_file(request: Request, file: str) -> HttpResponse:
    """Return what a service needs once, as a file."""
    managing = ManagingAccount.objects.first()
    if managing is None:
        raise Http404("The managing account isn't set up yet.")
    for service, text in switches_of(managing, Spinnaker.objects.first()).items():
        if service.file == file:
            return attachment(text, file, service.media_type)
    raise Http404("No service needs this file.")


@administrator_required
@confirmation_required("accounts:spinnaker-edit")
def spinnaker_edit(request: Request) -> HttpResponse:
    """Describe the connection; it is tested right after."""
    row = Spinnaker.objects.first()
    form = SpinnakerForm(request.POST or None, instance=row or Spinnaker())
    if request.method == "POST" and form.is_valid():
        try:
            describe_spinnaker(form.described, request.user)
        except IntegrityError:
            form.add_error(None, SOMEONE_ELSE)
        else:
            messages.success(request, "The connection is saved.")
            return asked_for_a_test(request)
    shown = {
        "form": form,
        "row": row,
        "reach": settings.SPINNAKER,
        "crumbs": crumbs("spinnaker-now", "spinnaker"),
    }
    return render(request, "spinnaker/edit.html", shown)
