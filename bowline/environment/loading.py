"""The site's settings, or the sentence that says what of the environment is wrong."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured


def load_settings() -> None:
    """Import them before anything else does, which would print a traceback."""
    module = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bowline.settings")
    try:
        import_module(module)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
