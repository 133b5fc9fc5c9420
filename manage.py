#!/usr/bin/env python3
"""Django's command line for Bowline."""

from __future__ import annotations

import os
import secrets
import sys
from importlib import import_module

import django.core.management as django_management
from django.core.exceptions import ImproperlyConfigured

from onboarding import VERSION

OWN = os.path.join(os.path.dirname(__file__), "accounts", "management")
find_commands = django_management.find_commands


def signs(name: str) -> bool:
    """Return whether a command needs the key that the site's processes share: those of
    Django that serve or check the site do, Bowline's own and a mistyped one do not.
    """
    djangos = find_commands(django_management.__path__[0])
    return name in djangos and name not in find_commands(OWN)


def main() -> None:
    if sys.argv[1:2] in (["version"], ["--version"]):
        print(f"Bowline {VERSION}")  # Django would answer with its own
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bowline.settings")
    if not signs("".join(sys.argv[1:2])):
        if not os.environ.get("SECRET_KEY"):
            os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
        if sys.stderr.isatty():  # there, what is logged would be among what is printed
            os.environ["LOG_LEVEL"] = os.environ.get("LOG_LEVEL") or "WARNING"
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])  # before any check needs it
        django_management.execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
