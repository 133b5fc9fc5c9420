"""The site's settings in an environment made for tests, whatever the shell holds.

A worker that a test starts has the same environment, with the site's own settings.
"""

from __future__ import annotations

import os

from script.servers import free_port

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ |= {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "DEBUG": "false",
    # Playwright runs an event loop in the thread that the tests run in.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    "HTTPS": "false",
    # Nobody listens until the fixture `valkey` does.
    "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    "SECRET_KEY": "only-for-tests-and-never-for-a-site",
}

ONLY_HERE = {
    "OIDC_ISSUER": "https://login.example.com",
    "OIDC_CLIENT_ID": "bowline",
    "OIDC_CLIENT_SECRET": "of-tests",
    "OIDC_ROLES": '{"everyone": ["viewer"]}',
}
"""Single sign-on is installed, and no process that a test starts has it."""
os.environ |= ONLY_HERE

from bowline.settings import *  # noqa: E402, F403

for name in ONLY_HERE:
    del os.environ[name]

# It is off until a test switches it on; its tables stay empty.
SINGLE_SIGN_ON = None
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # Made at once, before the tables that they refer to: PostgreSQL takes no such.
    MIGRATION_MODULES = {"socialaccount": None}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
# Nothing is collected; the live server finds static files where they are.
STATIC_ROOT = None  # type: ignore[assignment]  # settings.py has a path
