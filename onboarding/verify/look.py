"""look(): ask AWS once whether an owner has made the roles, without any waiting."""

from __future__ import annotations

from onboarding.aws.errors import AwsError
from onboarding.aws.session import Credentials, Sessions
from onboarding.topology import Managed, Managing


def opens(sessions: Sessions, managing: Managing, managed: Managed) -> bool:
    """Return whether AWS lets Spinnaker's identity assume the managed role; where that
    cannot be tried, whether it lets Bowline assume the reader role.

    Raise AwsError where AWS does not even let Bowline ask.
    """
    walks = managed.in_aws_provider and bool(managing.bowline)
    source = identity(sessions, managing) if walks else None
    try:
        if source is None:
            sessions.credentials(managed.reach)
        else:
            sessions.assume(
                managing.role_of(managed).arn,
                session_name=managed.session_name,
                external_id=managed.external_id,
                source=source,
                again=True,
            )
    except AwsError as error:
        if error.unread:
            return False
        raise
    return True


def is_closed(sessions: Sessions, managing: Managing, managed: Managed) -> bool:
    """Return whether AWS refuses both, as it does once the owner deleted the stack."""
    if opens(sessions, managing, managed):
        return False
    try:
        sessions.credentials(managed.reach)
    except AwsError as error:
        if error.unread:
            return True
        raise
    return False


def identity(sessions: Sessions, managing: Managing) -> Credentials:
    """Become Spinnaker's identity: once for all accounts of these sessions."""
    if sessions.whoami().principal == managing.identity_arn:
        return sessions.own()
    return sessions.assume(managing.identity_arn, session_name=sessions.name)
