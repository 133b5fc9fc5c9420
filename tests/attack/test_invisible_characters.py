"""Tried: invisible characters, or that turn a line around, in what a page shows.

Refused: pages write each as its number, and no field of a form takes one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import pytest
from allauth.core import context
from django import forms
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import get_resolver

from accounts.forms.account import AccessForm, IdentityForm, ProvidersForm
from accounts.forms.organization import AlikeForm, SharedForm, WatchForm
from accounts.forms.providers import FORMS
from accounts.forms.providers.base import DetailsForm
from accounts.http import Request
from accounts.models import Delivery, Organization, Run
from accounts.runs.deciding.confirmation import confirm_group
from accounts.web.accounts.foreign import AskForm
from accounts.web.adopting.views import AddForm as AddAdoptedForm
from accounts.web.adopting.views import AdoptForm, LookForm
from accounts.web.bulk.from_file import FileForm
from accounts.web.bulk.views import BulkEditForm
from accounts.web.factors.views import AddPasskeyForm, AppForm, CodeForm, PasskeyForm
from accounts.web.managing.forms import ManagingForm
from accounts.web.people.forms import (
    AddForm,
    DescriptionForm,
    LimitedRolesForm,
    LimitsForm,
    RolesForm,
)
from accounts.web.rollouts.forms import GroupForm as PlansForm
from accounts.web.rollouts.forms import SettingsForm
from accounts.web.runs.views import ApproveForm, CommentForm, ConfirmedForm
from accounts.web.settings.targets import TargetForm
from accounts.web.settings.views import RuleForm
from accounts.web.sign_in import SignInForm
from accounts.web.spinnaker.deliveries import DeliveryForm
from accounts.web.spinnaker.views import SpinnakerForm
from accounts.web.you.preferences import PreferencesForm, SavedFilterForm, SessionStore
from accounts.web.you.tokens import TokenForm as ApiTokenForm
from onboarding.names import INVISIBLE, visible
from tests.bundles import with_every_provider
from tests.factories import managed
from tests.rows import bundle_row, person, run_row, step_row

EVERY = "".join(map(chr, range(0x110000)))
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
DRAWN_AS_NOTHING = {
    *"\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0",
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0100, 0xE01F0)),
}
"""Letters and marks that are to be ignored, Unicode says, where they are not known."""


def test_what_nobody_sees_is_what_unicode_says() -> None:
    known = {sign for sign in EVERY if unicodedata.category(sign) not in {"Cn", "Co"}}

    found = {sign for sign in known if INVISIBLE.fullmatch(sign)}

    controls = {sign for sign in known if unicodedata.category(sign) in UNSEEN}
    assert found == controls - {*"\t\n\r"} | DRAWN_AS_NOTHING


def test_an_invisible_character_is_written_as_its_number() -> None:
    assert visible("gnp\u202eexe\u200b") == "gnp‹U+202E›exe‹U+200B›"
    assert visible("a\x00b\U000e0041") == "a‹U+0000›b‹U+E0041›"
    assert visible("Straße\n\t日本 “x” 👍") == "Straße\n\t日本 “x” 👍"


def test_a_plan_shows_what_turns_its_lines_around(client: Client, managing) -> None:
    run = run_row()
    statement = {
        "Effect": "Allow",
        "Action": "iam:\u202e*",
        "Resource": "\u2066x\u200b",
    }
    step_row(
        run, reason="For \u061c all.", after={"document": {"Statement": [statement]}}
    )
    client.force_login(person("viewer"))

    page = client.get(run.get_absolute_url())

    html = page.content.decode()
    assert "iam:‹U+202E›*" in html
    assert "‹U+2066›x‹U+200B›" in html
    assert "For ‹U+061C› all." in html
    assert not INVISIBLE.search(html)
    assert page.headers["Content-Length"] == str(len(page.content))


def test_a_file_is_given_back_as_it_is(client: Client, managing) -> None:
    bundle = bundle_row(with_every_provider())
    client.force_login(person("operator"))

    answer = client.get(f"{bundle.get_absolute_url()}download/")

    assert b"".join(answer) == bytes(bundle.archive)


BAD = "/a\u202eb\u200b/"
PROVIDERS_DETAILS: dict[str, dict[str, str]] = {
    "eks": {
        "rows": "1",
        "cluster-0-access": "entry",
        "cluster-0-name": "apps",
        "cluster-0-region": "us-east-1",
        "cluster-0-rights": "edit",
    }
}
NOT_KEPT = {"code", "credential", "password", "pasted"}
"""A person's own file, which is denied or given back as it is, and a code or password,
which is compared: stored nowhere. A passkey's answer is refused as a whole, not in its
field.
"""


def of_a_factor(kind: type[forms.Form]) -> Callable[[dict[str, str]], forms.BaseForm]:
    """Read a form that looks at the request."""

    def bound(data: dict[str, str]) -> forms.BaseForm:
        request = RequestFactory().post("/")
        request.session = SessionStore()
        with context.request_context(request):
            form = kind(data, user=User(pk=1))
            form.full_clean()
        return form

    return bound


def details_form(key: str) -> Callable[[dict[str, str]], forms.BaseForm]:
    def bound(data: dict[str, str]) -> forms.BaseForm:
        fields = FORMS[key](managed=managed()).fields.items()
        plain = {name: field.initial for name, field in fields if field.initial}
        details = PROVIDERS_DETAILS.get(key, {})
        return FORMS[key]({**plain, **details, **data}, managed=managed())

    return bound


def api_token_form(data: dict[str, str]) -> forms.BaseForm:
    request = RequestFactory().get("/")
    request.user = User(pk=1, username="ada")
    return ApiTokenForm(cast(Request, request), data)


BOUND: dict[type[forms.BaseForm], Callable[[dict[str, str]], forms.BaseForm]] = {
    AddAdoptedForm: AddAdoptedForm,
    AdoptForm: AdoptForm,
    LookForm: LookForm,
    AccessForm: AccessForm,
    AddPasskeyForm: of_a_factor(AddPasskeyForm),
    AppForm: of_a_factor(AppForm),
    CodeForm: of_a_factor(CodeForm),
    AlikeForm: lambda data: AlikeForm(
        {"pattern": "{cluster}", "rights": "edit", "access": "entry", **data}
    ),
    AskForm: AskForm,
    BulkEditForm: lambda data: BulkEditForm(data, partition="aws"),
    CommentForm: CommentForm,
    ConfirmedForm: lambda data: ConfirmedForm(
        data, asks="Type it", confirm=partial(confirm_group, 2)
    ),
    PlansForm: lambda data: PlansForm(data, plans=2, says="It."),
    ApproveForm: lambda data: ApproveForm(data, run=Run(account_name="a"), says="It."),
    IdentityForm: IdentityForm,
    RuleForm: lambda data: RuleForm({"by": "name", **data}),
    ManagingForm: lambda data: ManagingForm(
        {
            "identity_kind": "existing" if "identity_arn" in data else "pod_role",
            "partition": "aws",
            "assume": "organization",
            "bakes": "on",
            **data,
        }
    ),
    ApiTokenForm: api_token_form,
    AddForm: AddForm,
    DescriptionForm: DescriptionForm,
    LimitsForm: LimitsForm,
    LimitedRolesForm: LimitedRolesForm,
    PasskeyForm: of_a_factor(PasskeyForm),
    SharedForm: lambda data: SharedForm(data, partition="aws"),
    SpinnakerForm: lambda data: SpinnakerForm(
        {
            "sign_in": "certificate" if {"certificate", "key"} & {*data} else "basic",
            **data,
        }
    ),
    WatchForm: lambda data: WatchForm(
        data, organization=Organization(pk=1), partition="aws"
    ),
    SavedFilterForm: SavedFilterForm,
    SignInForm: lambda data: SignInForm(None, data),
    TargetForm: lambda data: TargetForm(
        {"channel": "webhook" if "url" in data else "slack", **data}
    ),
    DeliveryForm: lambda data: DeliveryForm(data, Delivery(counts={"remove": 1})),
    **{FORMS[key]: details_form(key) for key in FORMS},
}
TAKE_NO_TEXT = {
    DetailsForm,
    FileForm,
    PreferencesForm,
    ProvidersForm,
    RolesForm,
    SettingsForm,
}


def forms_of_the_site() -> set[type[forms.BaseForm]]:
    def below(kind: type[Any]) -> Iterator[type[Any]]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    assert get_resolver().url_patterns  # all views are imported, and so their forms
    return {
        one
        for one in below(forms.BaseForm)
        if one.__module__.startswith(("accounts.forms.", "accounts.web."))
        and not one.__module__.endswith(".role_limits")  # Django's own
    }


def test_every_form_is_tried() -> None:
    assert forms_of_the_site() == BOUND.keys() | TAKE_NO_TEXT


@pytest.mark.django_db
@pytest.mark.parametrize("kind", BOUND, ids=lambda kind: kind.__name__)
def test_no_field_takes_a_character_that_nobody_sees(
    kind: type[forms.BaseForm],
) -> None:
    fields = BOUND[kind]({}).fields.items()
    texts = {name for name, field in fields if isinstance(field, forms.CharField)}

    refused = {name for name in texts if name in BOUND[kind]({name: BAD}).errors}

    assert texts
    assert texts - refused <= NOT_KEPT
