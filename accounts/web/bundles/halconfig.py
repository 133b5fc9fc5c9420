"""A person's halconfig merged with a bundle: shown as a diff, given back, never kept.

The file comes again with each request: nothing of it is stored, logged, or written into
a page where it might be a secret.
"""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import Any

from django import forms
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from accounts.forms.fields import RuledField, bare_helper
from accounts.http import BESIDE, InMemory, Request, attachment, drain, length
from accounts.models import Bundle
from accounts.people.deciding import refuse
from accounts.people.doors import operator_required
from accounts.people.reach import DecisionReach
from accounts.people.roles import OPERATOR
from accounts.web.crumbs import crumbs
from onboarding import names
from onboarding.bounded_yaml import MOST_BYTES
from onboarding.spinnaker.bundle.contents import BundleAccounts, accounts_in
from onboarding.spinnaker.halconfig.merged import STEPS, UNDO, diff_lines, fields
from onboarding.spinnaker.halconfig.merging import ADDED, HalconfigChange, Merged, merge
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.spinnaker.halconfig.tree import BadHalconfig


class NeverShown(forms.Textarea):
    """Text that is not written back into the page, like a password."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class HalconfigForm(forms.Form):
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        label="The file",
        help_text="The ~/.hal/config file of the Halyard daemon.",
    )
    pasted = forms.CharField(
        required=False,
        strip=False,
        label="Or paste its text",
        widget=NeverShown(
            attrs={
                "rows": 6,
                "class": "mono",
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
    )
    folder = RuledField(
        rule=names.seen,
        label="Bundle directory on the Halyard host",
        initial="/home/spinnaker/bowline",
        help_text="The absolute path of the unpacked bundle.",
    )
    deployment = RuledField(
        rule=names.seen,
        required=False,
        help_text="Leave empty to use the current deployment.",
    )
    helper = bare_helper()

    def __init__(self, *args: Any, has_clusters: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_clusters:
            del self.fields["folder"]

    def clean_folder(self) -> str:
        folder: str = self.cleaned_data["folder"]
        if not PurePosixPath(folder).is_absolute():
            raise forms.ValidationError(
                "hal needs the path of the kubeconfig files in the bundle. Enter the "
                "absolute path."
            )
        return folder

    def clean(self) -> dict[str, Any]:
        """Put the file's bytes, or else the pasted text's, under `content`."""
        file, pasted = self.cleaned_data.get("file"), self.cleaned_data.get("pasted")
        if file is None and not pasted:
            raise forms.ValidationError("Choose the Halyard config, or paste its text.")
        content = file.read() if file is not None else (pasted or "").encode()
        return {**self.cleaned_data, "content": content}


MOST_SHOWN = 50
MOST_NOTES = 20
TOO_LARGE = (
    "The file is too large for a Halyard config. 10,000 accounts take about 4 million."
)
TOO_LONG = "You can't paste more than 2.5 MB. Choose the file instead."


@csrf_exempt  # merge_page is protected: it is first made sure that it may be read
@never_cache
@sensitive_post_parameters("pasted")
@operator_required
def halconfig(request: Request, number: int) -> HttpResponse:
    refuse(DecisionReach(shared="a bundle"), None, request.user, OPERATOR)
    if request.method == "POST" and length(request) > MOST_BYTES + BESIDE:
        drain(request)
        return page(request, number, refused=[TOO_LARGE])
    request.upload_handlers = [InMemory(request)]
    try:
        return merge_page(request, number)
    except RequestDataTooBig:
        return page(request, number, refused=[TOO_LONG])


@csrf_protect
def merge_page(request: Request, number: int) -> HttpResponse:
    """Show what a merge does, or give the merged file."""
    if request.method != "POST":
        return page(request, number)
    accounts = accounts_of(number)
    form = form_for(accounts, request.POST, request.FILES)
    if not form.is_valid():
        return page(request, number, form=form)
    said = form.cleaned_data
    try:
        merged = merge(
            read_halconfig(said["content"]),
            accounts.placed(said.get("folder") or ""),
            take_over=request.POST.getlist("take_over"),
            deployment=said["deployment"],
        )
    except BadHalconfig as error:
        return page(request, number, form=form, refused=str(error).splitlines())
    answered = {*request.POST.getlist("asked"), *request.POST.getlist("take_over")}
    is_asked = {collision.name for collision in merged.collisions} <= answered
    if "download" in request.POST and is_asked:
        kind = "application/yaml; charset=utf-8"
        return attachment(merged.text, "config.new", kind)
    return page(request, number, form=form, **outcome(merged))


def accounts_of(number: int) -> BundleAccounts:
    bundle = get_object_or_404(Bundle.objects.built(), number=number)
    return accounts_in(bundle.archive)


def form_for(accounts: BundleAccounts, *posted: Any) -> HalconfigForm:
    return HalconfigForm(*posted, has_clusters=bool(accounts.kubernetes))


def outcome(merged: Merged) -> dict[str, Any]:
    """Say what a page shows of a merge; what is merely added comes last."""
    counts = Counter((change.provider, change.done) for change in merged.changes)
    ordered = sorted(merged.changes, key=lambda change: change.done == ADDED)
    return {
        "merged": True,
        "collisions": merged.collisions,
        "mistakes": merged.mistakes[:MOST_NOTES],
        "more_mistakes": max(len(merged.mistakes) - MOST_NOTES, 0),
        "notes": merged.notes[:MOST_NOTES],
        "more_notes": max(len(merged.notes) - MOST_NOTES, 0),
        "counts": [
            (provider, done, count) for (provider, done), count in counts.items()
        ],
        "changes": [shown_change(change) for change in ordered[:MOST_SHOWN]],
        "more": max(len(ordered) - MOST_SHOWN, 0),
        "steps": STEPS,
        "undo": UNDO,
    }


def shown_change(change: HalconfigChange) -> dict[str, Any]:
    return {
        "provider": change.provider,
        "name": change.name or "settings",
        "done": change.done,
        "fields": "" if change.done == ADDED else ", ".join(fields(change)),
        "lines": diff_lines(change),
    }


def page(request: Request, number: int, **more: Any) -> HttpResponse:
    """Show the form, with what is known; to htmx only what is known."""
    shown_too = {"number": number, **more}
    if request.htmx:
        return render(request, "bundles/_merged.html", shown_too)
    accounts = accounts_of(number)
    bundle = Bundle.objects.light().get(number=number)
    shown_too.setdefault("form", form_for(accounts))
    shown_too |= {
        "bundle": bundle,
        "crumbs": crumbs("bundles", bundle),
    }
    return render(request, "bundles/halconfig.html", shown_too)
