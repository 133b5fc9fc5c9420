"""Where mail reaches a person, if the site sends any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def is_configured() -> bool:
    return bool(settings.EMAIL_HOST)


def address_of(person: User) -> str:
    """Return the person's mail address; empty where it is none, or not one line."""
    try:
        validate_email(person.email)
    except ValidationError:
        return ""
    return person.email
