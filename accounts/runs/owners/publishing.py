"""Put what was handed off into the bucket, where one is set: the page then has a link
to the console.

It only helps, so a refusal is kept and shown, and fails no run.
"""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet

from accounts.mapping.handing_off import hand_off_of_managing, versioned
from accounts.models import HandOff, Run
from accounts.runs.scope import Scope
from onboarding.aws.errors import AwsError
from onboarding.aws.s3.templates import put_template
from onboarding.aws.session import Sessions
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.handoff.quick_create import TemplateBucket


def template_bucket() -> TemplateBucket | None:
    name, region, prefix = settings.TEMPLATE_BUCKET
    return TemplateBucket(name, region, prefix) if name else None


def publish(run: Run, scope: Scope, sessions: Sessions) -> None:
    """Put the templates of this hand-off into the bucket, and keep where they are."""
    bucket = template_bucket()
    if bucket is None or run.kind == Run.Kind.REMOVE:
        return
    if run.account and scope.managed and scope.managed.is_handed_off:
        given = versioned(run.account.pk, scope.managing, scope.managed)
        put(HandOff.objects.filter(account=run.account), given, bucket, sessions)
    if scope.shared and scope.managing.is_handed_off:
        given = hand_off_of_managing(scope.row)
        put(HandOff.objects.of_managing(), given, bucket, sessions)


def put(
    rows: QuerySet[HandOff],
    given: HandOffPackage,
    bucket: TemplateBucket,
    sessions: Sessions,
) -> None:
    last = rows.first()
    if last is None or last.text_id != given.digest:
        return
    texts = [stack.template.text for stack in given.stacks]
    last.urls, last.unpublished = [], ""
    try:
        for text in texts:
            put_template(
                sessions,
                bucket=bucket.name,
                region=bucket.region,
                key=bucket.key(text),
                text=text,
            )
    except AwsError as error:
        last.unpublished = error.message
    else:
        last.urls = [bucket.url(text) for text in texts]
    last.save(update_fields=["urls", "unpublished"])
