"""How a webhook is signed, as Standard Webhooks says; the secret is kept nowhere.

It is derived from SECRET_KEY, the target's id and how often it was rotated, so another
SECRET_KEY gives each target another secret.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from django.utils.crypto import salted_hmac
from standardwebhooks.webhooks import Webhook

from accounts.models import Target

SALT = "bowline.notifications"


def secret_of(target: Target) -> str:
    """Return the secret that the receiver verifies messages with."""
    of = f"{target.pk}:{target.rotation}"
    key = salted_hmac(SALT, of, algorithm="sha256")
    return f"whsec_{base64.b64encode(key.digest()).decode()}"


def signed(target: Target, message: str, body: str) -> dict[str, str]:
    """Return the headers that sign the body, now."""
    now = datetime.now(UTC)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret_of(target)).sign(message, now, body),
    }
