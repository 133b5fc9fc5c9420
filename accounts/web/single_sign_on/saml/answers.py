"""Keep what an assertion says until its browser comes for it; remember it as used."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import SamlAnswer
from accounts.web.single_sign_on.people import Refused
from accounts.web.single_sign_on.provider import Saml
from accounts.web.single_sign_on.saml.assertion import Assertion


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def keep_answer(saml: Saml, assertion: Assertion) -> None:
    """Keep it; raise Refused where it came before, or another answer, anywhere."""
    SamlAnswer.objects.filter(until__lte=timezone.now()).delete()
    try:
        with transaction.atomic():
            SamlAnswer.objects.create(
                assertion=digest(f"{saml.issuer} {assertion.id}"),
                request=digest(assertion.answers),
                claims=assertion.claims,
                until=assertion.until,
            )
    except IntegrityError:
        raise Refused("This sign-in was already used. Start again.") from None


def take(request: str) -> dict[str, Any]:
    """Return what was said in answer to a request, once; raise Refused without it."""
    rows = SamlAnswer.objects.filter(
        request=digest(request), until__gt=timezone.now(), claims__isnull=False
    )
    with transaction.atomic():
        claims = rows.values_list("claims", flat=True).first()
        if not isinstance(claims, dict) or not rows.update(claims=None):
            raise Refused("The provider didn't respond to this sign-in. Start again.")
    return claims
