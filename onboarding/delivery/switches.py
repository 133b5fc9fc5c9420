"""What Spinnaker's operator adds once to the services' own files."""

from __future__ import annotations

from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.services.places import Place, Service
from onboarding.spinnaker.services.settings import file_of, settings
from onboarding.spinnaker.yaml_text import comment_lines
from onboarding.topology import Managing

ONCE = """
Add this to clouddriver-local.yml once, and restart Clouddriver. Accounts are then
stored in its database, and loaded while it runs.
A list that is written here hides those of other files. Take an older list
aws.features.launch-templates.allowed-accounts away: it is no longer needed.
"""


def switches(
    managing: Managing, entries: Entries, *, period: int = 30, token: bool = False
) -> dict[Service, str]:
    """Write each service's file; `period` is the seconds between two polls, and with a
    token Bowline signs in by one.
    """
    known = settings(managing, entries, Place.DELIVERIES, period=period, token=token)
    texts = {service: file_of(service, known) for service in Service}
    head = "\n".join(comment_lines(ONCE))
    texts[Service.CLOUDDRIVER] = f"{head}\n{texts[Service.CLOUDDRIVER]}"
    return {service: text for service, text in texts.items() if text}
