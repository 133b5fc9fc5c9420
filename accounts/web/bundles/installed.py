"""Which bundle Spinnaker has, as a person said, and what a later one would change."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.bundles import NotReady, install
from accounts.models import Bundle
from accounts.two_bundles import between
from accounts.web.access import operator_required
from accounts.web.request import Request

REMEMBERED = 7 * 24 * 60 * 60
"""Seconds; two bundles never change, so only space is the limit."""


class Ahead(NamedTuple):
    """What the newest bundle would change in Spinnaker."""

    installed: Bundle
    newest: Bundle
    added: int
    changed: int
    removed: int
    files: int

    @property
    def sentence(self) -> str:
        counts = (
            (self.added, "add"),
            (self.changed, "change"),
            (self.removed, "remove"),
        )
        parts = [f"{verb} {count:,}" for count, verb in counts if count]
        would = " and ".join([", ".join(parts[:-1])] * (len(parts) > 1) + parts[-1:])
        if would:
            would = f"would {would} of its accounts"
        elif self.files:
            would = "has the same accounts and other files"
        else:
            would = "says the same"
        has, other = self.installed.number, self.newest.number
        return f"Spinnaker has bundle {has}; bundle {other} {would}."

    @property
    def url(self) -> str:
        numbers = (self.newest.number, self.installed.number)
        return reverse("accounts:delta", args=numbers)


def installed_bundle() -> Bundle | None:
    """Find the bundle that Spinnaker has, as far as somebody said so."""
    light = Bundle.objects.light()
    return light.installed().first()


def ahead(installed: Bundle | None) -> Ahead | None:
    """Compare the newest bundle with what Spinnaker has; None: that is the newest, or
    nobody said which it has.
    """
    if installed is None:
        return None
    later = Bundle.objects.built().filter(number__gt=installed.number)
    newest = later.light().first()
    if newest is None:
        return None
    key = f"bundle-delta:{installed.sha256}:{newest.sha256}"
    counts = cache.get(key)
    if counts is None:
        found = between(installed, newest)
        kinds = (found.added, found.changed, found.removed)
        others = (*found.files, *found.gone)
        counts = [*map(len, kinds), len(others)]
        cache.set(key, counts, REMEMBERED)
    return Ahead(installed, newest, *counts)


@operator_required
@require_POST
def bundle_installed(request: Request, number: int) -> HttpResponse:
    """Record that this is what Spinnaker has now."""
    bundle = get_object_or_404(Bundle.objects.light(), number=number)
    try:
        install(bundle, request.user)
    except NotReady as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Recorded: Spinnaker has {bundle}.")
    return redirect(bundle)
