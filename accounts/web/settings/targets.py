"""Pages of where notices of a team go."""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.forms.fields import Fieldset, RuledField, bare_helper
from accounts.http import Request
from accounts.lists.accounts import is_uuid
from accounts.models import Kind, ManagedAccount, Notification, Target
from accounts.models.people import MovedMeanwhile
from accounts.notify import channels as decisions
from accounts.notify.channels import (
    HOSTS,
    hosts_of_secret_urls,
    problem,
    signing_secret,
)
from accounts.people.doors import administrator_required, posted_by_administrator
from accounts.people.role_limits.naming import NAMELESS, NONE, typed
from accounts.web.crumbs import crumbs
from accounts.web.managing.forms import shown_for_values
from accounts.web.posts import one_of, post, tell
from accounts.web.questions import Asking
from accounts.web.you.confirmation import confirmation_required
from onboarding import names
from onboarding.delivery.connection import LONGEST


class EnvironmentBoxes(forms.MultipleChoiceField):
    """A box for each environment; the cleaned value is their names."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self) -> None:
        super().__init__(
            label="Environments",
            required=False,
            help_text="Select none for all environments, including new ones.",
        )

    def clean(self, value: Any) -> list[str]:
        said = super().clean(value)
        return ["" if one == NAMELESS else one for one in said]


def offer_environments(form: forms.BaseForm, chosen: Collection[str]) -> None:
    """Offer what is in use, and what was chosen when it was, which is selected."""
    boxes = form.fields["environments"]
    assert isinstance(boxes, EnvironmentBoxes)
    used = ManagedAccount.objects.order_by().values_list("environment", flat=True)
    names = sorted({*used.distinct(), *chosen})
    boxes.choices = [(typed(name), name or NONE) for name in names]
    form.initial["environments"] = [typed(name) for name in chosen]


NEVER_REPEATED = ("url", "reference")
"""What is refused there may be a secret, so it is not shown again."""
NEEDED = "This field is required."
TAKEN = "Another target has this name."


class TargetForm(forms.ModelForm[Target]):
    """Describes a target; added once, though the page is sent again."""

    pk = forms.UUIDField(widget=forms.HiddenInput)
    name = RuledField(
        rule=names.seen,
        max_length=60,
        label="Name",
        help_text="A name that people recognize, such as the team or channel.",
        error_messages={"unique": TAKEN},
    )
    channel = forms.ChoiceField(label="Channel", choices=Target.Channel.choices)
    url = forms.CharField(
        label="URL",
        required=False,
        max_length=LONGEST,
        help_text="An https:// URL without a user, a query, or a fragment.",
    )
    reference = forms.CharField(
        label="Webhook URL reference",
        required=False,
        max_length=LONGEST,
        help_text="env:NAME or file:/PATH. Don't enter the URL, because it's a secret.",
    )
    kinds = forms.MultipleChoiceField(
        label="Notify about",
        choices=Kind.choices,
        initial=Kind.values,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    environments = EnvironmentBoxes()

    class Meta:
        model = Target
        fields: ClassVar = ["name", "channel", "kinds", "environments"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        target = self.instance
        is_webhook = target.channel == Target.Channel.WEBHOOK
        place = "url" if is_webhook else "reference"
        self.initial.update({"pk": target.pk, place: target.place})
        self.fields["channel"].disabled = not target._state.adding
        offer_environments(self, target.environments)
        for field in ("url", "reference"):
            widget = self.fields[field].widget
            widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        self.helper = bare_helper(
            Fieldset(
                "Destination",
                "pk",
                "name",
                "channel",
                shown_for_values("channel", " ".join(HOSTS), "reference"),
                shown_for_values("channel", Target.Channel.WEBHOOK, "url"),
            ),
            Fieldset("Notifications", "kinds", "environments"),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if channel := cleaned.get("channel"):
            is_webhook = channel == Target.Channel.WEBHOOK
            field, other = ("url", "reference") if is_webhook else ("reference", "url")
            # Not shown, so neither wrong nor kept.
            self.errors.pop(other, None)
            place = cleaned.get(field, "")
            if field not in self.errors:
                found = problem(channel, place) if place else NEEDED
                if found:
                    self.add_error(field, found)
            self.instance.place = place
        if self.instance._state.adding and "pk" in cleaned:
            self.instance.pk = cleaned["pk"]
        refused = [name for name in NEVER_REPEATED if name in self.errors]
        if refused:
            given: Any = copy(self.data)
            for name in refused:
                given[name] = ""
            self.data = given
        return cleaned


WAITED_FOR = timedelta(minutes=1)
"""A test that nobody has sent by then is looked at no more by itself."""
FULL = f"You've reached the maximum of {decisions.MOST} targets. Remove a target first."


@administrator_required
def targets(request: Request) -> HttpResponse:
    """List the targets; `test` in the URL names the test that the page waits for."""
    tested = test_of(request)
    if request.htmx:
        return render(request, "targets/_tested.html", tested)
    rows = list(Target.objects.all())
    shown = {
        "crumbs": crumbs("settings"),
        "rows": rows,
        "is_full": len(rows) >= decisions.MOST,
        "site_url": settings.SITE_URL,
        **tested,
    }
    return render(request, "targets/targets.html", shown)


def test_of(request: Request) -> dict[str, Any]:
    """Say what became of the test that the URL names, or that the page waits."""
    pk = request.GET.get("test", "")
    if not is_uuid(pk):
        return {}
    notifications = Notification.objects.filter(pk=pk, what=Notification.What.TEST)
    notification = notifications.select_related("target").first()
    if notification is None or notification.target is None:
        return {}
    found: dict[str, Any] = {"tested": notification.target}
    if notification.done_at is None:
        url = f"{request.path}?test={pk}"
        waits = timezone.now() - notification.created_at < WAITED_FOR
        return {**found, "asking": Asking(url, "every 1s") if waits else None}
    sent_at = notification.target.sent_at
    return {
        **found,
        "arrived": sent_at is not None and sent_at >= notification.created_at,
    }


@administrator_required
@confirmation_required("accounts:target-add")
def target_add(request: Request) -> HttpResponse:
    """Describe a new target."""
    pk = request.POST.get("pk", "")
    if is_uuid(pk) and (same := Target.objects.filter(pk=pk).first()):
        messages.warning(request, f"{same} was already added.")
        return redirect("accounts:targets")
    form = TargetForm(request.POST or None)
    if request.method == "POST" and Target.objects.count() >= decisions.MOST:
        messages.error(request, FULL)
        return redirect("accounts:targets")
    if stored(request, form, decisions.add):
        return added(request, form.instance)
    return form_page(request, form)


def stored(
    request: Request, form: TargetForm, decide: Callable[[User, Target], None]
) -> bool:
    """Store what was posted, if it is right; another one may have the name by then."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        decide(request.user, form.instance)
    except IntegrityError:
        form.add_error("name", TAKEN)
    return not form.errors


def added(request: Request, target: Target) -> HttpResponse:
    if target.channel == Target.Channel.WEBHOOK:
        return secret_page(request, target, "is added")
    messages.success(request, f"{target} is added. Send a test message next.")
    return redirect("accounts:targets")


@administrator_required
@confirmation_required("accounts:targets")
def target(request: Request, pk: UUID) -> HttpResponse:
    """Change what was described of a target."""
    row = get_object_or_404(Target, pk=pk)
    form = TargetForm(request.POST or None, instance=row)
    if stored(request, form, decisions.change):
        messages.success(request, f"{row} is saved.")
        return redirect("accounts:targets")
    return form_page(request, form, row)


def form_page(
    request: Request, form: TargetForm, row: Target | None = None
) -> HttpResponse:
    shown = {
        "form": form,
        "row": row,
        "name": form.initial.get("name", ""),
        "crumbs": crumbs("settings", "targets"),
        "reach": settings.NOTIFICATIONS,
        "hosts": hosts_of_secret_urls(),
    }
    return render(request, "targets/target.html", shown)


def secret_page(request: Request, target: Target, done: str) -> HttpResponse:
    """Show a webhook's secret, this once: it is nowhere, so this is no redirect."""
    shown = {
        "crumbs": crumbs("settings", "targets"),
        "target": target,
        "done": done,
        "secret": signing_secret(target),
    }
    return render(request, "targets/secret.html", shown)


@posted_by_administrator
@confirmation_required("accounts:targets")
def target_rotate(request: Request, pk: UUID) -> HttpResponse:
    webhooks = Target.objects.filter(channel=Target.Channel.WEBHOOK)
    row = get_object_or_404(webhooks, pk=pk)
    seen = request.POST.get("rotation", "")
    try:
        decisions.rotate(row, request.user, int(seen) if seen.isdecimal() else -1)
    except MovedMeanwhile as error:
        tell(request, error)
        return redirect("accounts:targets")
    return secret_page(request, row, "has a new secret")


def paused(target: Target, is_news: bool) -> str:
    if is_news and target.paused_at:
        return (
            f"{target} is paused. Notifications aren't sent retroactively for this "
            "time."
        )
    return f"{target} receives notifications again." if is_news else ""


confirmed = confirmation_required("accounts:targets")
posts = [
    post(
        "settings/notifications/<uuid:pk>/test/",
        decisions.send_test,
        name="target-test",
        find=one_of(Target.objects),
        then=lambda _, sent: f"{reverse('accounts:targets')}?test={sent.pk}",
        guard=confirmed,
    ),
    post(
        "settings/notifications/<uuid:pk>/pause/",
        decisions.pause,
        name="target-pause",
        find=one_of(Target.objects),
        given=lambda posted, _: {"pauses": posted.get("pause") != "off"},
        said=paused,
        then="accounts:targets",
        guard=confirmed,
    ),
    post(
        "settings/notifications/<uuid:pk>/remove/",
        decisions.remove,
        name="target-remove",
        find=one_of(Target.objects),
        said="{0} and its pending notifications are removed.",
        then="accounts:targets",
        guard=confirmed,
    ),
]
