"""What a person of Bowline's own proves in addition to the password."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class AuthenticatorApp(models.Model):
    """An app that shows six digits, others every 30 seconds; each works once."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="authenticator_app",
    )
    secret = models.TextField()
    """Encrypted, with a key that is derived from SECRET_KEY."""
    last_step = models.BigIntegerField(default=0)
    """The 30 seconds since 1970 whose code was used last: no earlier one counts."""
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "authenticator app"

    def __str__(self) -> str:
        return f"authenticator app of {self.person}"


class Passkey(models.Model):
    """A key pair of a person's device, which holds the private half."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys"
    )
    name = models.CharField(max_length=60)
    credential_id = models.BinaryField(unique=True, max_length=1023)
    credential = models.BinaryField()
    """The model of the device, the credential's id, and the public key."""
    sign_count = models.PositiveBigIntegerField(default=0)
    """How often it has signed; 0 if it does not count. A smaller number is a copy's."""
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.name

    def is_known(self) -> bool:
        """Return whether somebody has a passkey of this id already."""
        return Passkey.objects.filter(credential_id=self.credential_id).exists()


class RecoveryCode(models.Model):
    """A code for whoever lost the device. It works once, and then the row is gone."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="recovery_codes",
    )
    digest = models.CharField(max_length=64, editable=False)
    """The SHA-256. A code has 80 random bits, so nobody can try them all."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "recovery code"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "digest"], name="recovery_code_once"
            )
        ]

    def __str__(self) -> str:
        return f"recovery code of {self.person}"
