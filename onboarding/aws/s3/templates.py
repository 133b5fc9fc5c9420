"""Put a hand-off's template into the bucket that is set for it."""

from __future__ import annotations

from onboarding.aws.errors import translating
from onboarding.aws.session import Sessions


def put_template(
    sessions: Sessions, *, bucket: str, region: str, key: str, text: str
) -> None:
    """Write it with Bowline's own credentials; raise AwsError where S3 refuses it."""
    s3 = sessions.client_with(sessions.own(), "s3", region)
    with translating("", "s3:PutObject", f"put a template into the bucket {bucket}"):
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=text.encode(),
            ContentType="application/yaml",
        )
