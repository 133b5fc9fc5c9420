"""Where notices of teams go: added, tested, paused and removed by administrators.

A worker sends the test; the page looks each second what became of it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.http import Request
from accounts.models import Notification, Target
from accounts.models.people.decided import MovedMeanwhile
from accounts.notify import targets as decisions
from accounts.notify.channels.places import hosts_of_secret_urls
from accounts.notify.channels.signing import secret_of
from accounts.people.doors import administrator_required, posted_by_administrator
from accounts.web.crumbs import crumbs
from accounts.web.posts import one_of, post, tell
from accounts.web.questions import Asking
from accounts.web.targets.forms import TAKEN, TargetForm
from accounts.web.you.confirmation import confirmation_required

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
    try:
        pk = UUID(request.GET.get("test", ""))
    except ValueError:
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
    form = TargetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        target = form.described
        if Target.objects.filter(pk=target.pk).exists():
            messages.warning(request, f"{target} was already added.")
            return redirect("accounts:targets")
        if Target.objects.count() >= decisions.MOST:
            messages.error(request, FULL)
            return redirect("accounts:targets")
        try:
            decisions.add(request.user, target)
        except IntegrityError:
            form.add_error("name", TAKEN)
        else:
            return added(request, target)
    return form_page(request, form)


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
    form = TargetForm(request.POST or None, target=row)
    if request.method == "POST" and form.is_valid():
        try:
            decisions.change(request.user, form.described)
        except IntegrityError:
            form.add_error("name", TAKEN)
        else:
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
        "secret": secret_of(target),
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
