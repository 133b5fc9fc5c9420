#!/usr/bin/env python3
"""Django's command line for Bowline."""

from __future__ import annotations

import os
import secrets
import sys

from django.core.management import execute_from_command_line

SIGN_NOTHING = {"merge_halconfig", "migrate", "onboard", "verify"}
"""Commands that need no key that others know, so any will do where none is set."""

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bowline.settings")
    if {*sys.argv[1:2]} & SIGN_NOTHING and not os.environ.get("SECRET_KEY"):
        os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
    execute_from_command_line(sys.argv)
