"""Changes that an administrator makes on the page of groups."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import GroupRoles

PAGE = "/settings/groups/"


def save(client: Client, group: str, *roles: str) -> Any:
    typed = {"group": group, "roles": list(roles)}
    return client.post(f"{PAGE}save/", typed, follow=True)


def remove(client: Client, group: str) -> Any:
    return client.post(f"{PAGE}remove/", {"group": group}, follow=True)


def chosen() -> dict[str, list[str]]:
    return {row.group: row.roles for row in GroupRoles.objects.all()}
