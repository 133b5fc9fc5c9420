"""The engine: what AWS and Spinnaker should look like, and how to get there.

It imports neither Django nor Celery, and never `accounts`.
"""

from __future__ import annotations

VERSION = "1.0.0"
"""The version of Bowline, which pages, commands, the API, and bundles show. It is in
pyproject.toml, too, for the bill of materials: a test compares them.
"""
