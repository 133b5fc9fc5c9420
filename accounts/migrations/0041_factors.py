"""Second factors become rows of django-allauth: each goes on as it was.

There is a way back only while nobody has one: the password alone would sign in then.
"""

import json
from base64 import urlsafe_b64encode

from django.conf import settings
from django.db import migrations

MADE = {"type": "webauthn.create", "challenge": "", "origin": ""}


def move(apps, schema_editor):
    rows = apps.get_model("mfa", "Authenticator").objects
    for app in apps.get_model("accounts", "AuthenticatorApp").objects.all():
        rows.create(
            user_id=app.person_id,
            type="totp",
            data={"secret": app.secret, "last": app.last_step},
            created_at=app.created_at,
            last_used_at=app.used_at,
        )
    for passkey in apps.get_model("accounts", "Passkey").objects.all():
        rows.create(
            user_id=passkey.person_id,
            type="webauthn",
            data={
                "name": passkey.name,
                "credential": credential(passkey),
                "last": passkey.sign_count,
            },
            created_at=passkey.created_at,
            last_used_at=passkey.used_at,
        )
    digests = {}
    for code in apps.get_model("accounts", "RecoveryCode").objects.order_by("pk"):
        digests.setdefault(code.person_id, []).append(code)
    for person, codes in digests.items():
        rows.create(
            user_id=person,
            type="recovery_codes",
            data={"migrated_codes": [code.digest for code in codes]},
            created_at=codes[0].created_at,
        )


def refuse(apps, schema_editor):
    if apps.get_model("mfa", "Authenticator").objects.exists():
        raise RuntimeError(
            "People have second factors, which an earlier version can't read: their "
            "passwords alone would sign them in. Restore a backup of that version."
        )


def credential(passkey):
    """Write what the browser answered when the passkey was made (WebAuthn, 6.5), as far
    as it is known: the device's model, the key's ID, and the public key. The name of
    the site, which nothing reads again, is zeros.
    """
    verified_with_key = bytes([0x45])
    count = passkey.sign_count.to_bytes(8)[-4:]
    data = bytes(32) + verified_with_key + count + bytes(passkey.credential)
    # CBOR: a map of three, whose last is a byte string of up to 65,535.
    start = b"\xa3cfmtdnonegattStmt\xa0hauthData\x59"
    key = encoded(passkey.credential_id)
    response = {
        "clientDataJSON": encoded(json.dumps(MADE).encode()),
        "attestationObject": encoded(start + len(data).to_bytes(2) + data),
    }
    return {"id": key, "rawId": key, "response": response}


def encoded(data):
    return urlsafe_b64encode(bytes(data)).decode().rstrip("=")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0040_no_saml"),
        ("mfa", "0003_authenticator_type_uniq"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(move, refuse),
        migrations.DeleteModel("AuthenticatorApp"),
        migrations.DeleteModel("Passkey"),
        migrations.DeleteModel("RecoveryCode"),
    ]
