"""To the SAML provider, and back from it.

The way back has two parts. The provider lets the browser send a form from another site,
and a browser sends no session with that. So the form is verified and kept, and the
browser led to the second part, which it opens with its session.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.web.single_sign_on.entrance import (
    Kept,
    enter,
    keep_sign_in,
    refuse,
    requested_page,
    take,
)
from accounts.web.single_sign_on.people import Refused, Said
from accounts.web.single_sign_on.provider import Saml
from accounts.web.single_sign_on.saml import answers, protocol
from accounts.web.single_sign_on.saml.assertion import read_assertion


def saml_provider() -> Saml:
    """Return the provider; without one, no such page exists."""
    saml: Saml | None = settings.SAML
    if saml is None:
        raise Http404
    return saml


@login_not_required
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider, with the request in the address: Chromium's
    form-action policy lets no form lead there.
    """
    saml = saml_provider()
    back, confirms = requested_page(request)
    begun = protocol.make_request(saml, asks_again=confirms)
    keep_sign_in(request, Kept(saml.starts, begun.id, back, confirms))
    return redirect(begun.url)


@csrf_exempt  # the provider's signature says that the form is its own
@login_not_required
@require_POST
def acs(request: HttpRequest) -> HttpResponse:
    """Verify the form that the provider lets the browser send. It says nothing about
    where to go: what it calls RelayState is not read.
    """
    saml = saml_provider()
    try:
        answers.keep_answer(
            saml, read_assertion(saml, request.POST.get("SAMLResponse", ""))
        )
    except Refused as error:
        return refuse(request, str(error), status=403)
    return redirect("saml-finish")


@login_not_required
@require_GET
def finish(request: HttpRequest) -> HttpResponse:
    """Sign in whom the provider vouched for, in the browser that began it."""
    saml = saml_provider()
    try:
        kept = take(request, saml.starts)
        said = Said.of(answers.take(kept.nonce), claim=saml.claim)
        # AuthnInstant counts only if the request asked for it: some always say “now”.
        is_fresh = kept.confirms and said.is_fresh
        return enter(request, saml, said, kept, is_fresh=is_fresh)
    except Refused as error:
        return refuse(request, str(error), status=403)


@login_not_required
@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    """Describe Bowline to the provider."""
    text = protocol.metadata(saml_provider())
    return HttpResponse(text, content_type="application/samlmetadata+xml")
