"""ECS can't be combined with an external ID, whichever way an account comes in.

Clouddriver drops the external ID in its ECS credentials: every call would be denied.
"""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.mapping.completeness import Incomplete, problem, refuse_incomplete
from accounts.models import ManagedAccount, Unit, Watch
from onboarding.delivery.bodies import problems
from onboarding.description.fields import IN_BULK
from onboarding.spinnaker.bundle import bundle_files
from onboarding.spinnaker.entries import WouldBeMisread
from tests.accounts.api.calling import caller
from tests.accounts.discover.organization.organizations import CORE, member_row
from tests.accounts.management.onboarding import onboard
from tests.bundles import staging
from tests.factories import topology
from tests.onboarding.delivery.accounts import everything
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

SAID = "ECS can't be combined with an external ID"
MEMBER = "000000000001"
FILE = f"""\
managing: {{name: {CORE.name}, account_id: '{CORE.account_id}'}}
accounts:
- {{name: new, account_id: '{MEMBER}', regions: [us-east-1],
   access_role: Admin, external_id: true, providers: {{ecs: {{}}}}}}
""".encode()
SHARED = {
    "regions": ["us-east-1"],
    "made_by": "bowline",
    "access_role": "Admin",
    "providers": ["ecs"],
    "uses_external_id": "on",
}
SHARED_BY_API = {
    "regions": ["us-east-1"],
    "access_role": "Admin",
    "providers": ["ecs"],
    "external_id": True,
}


class Doors:
    """Every way in, for somebody who may do everything; each says why it refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = Client()
        someone = person("operator", username="olga")
        someone.groups.add(*Group.objects.all())
        self.client.force_login(someone)
        self.api = caller("operator")

    def post(self, path: str, **fields: Any) -> str:
        return self.client.post(path, fields, follow=True).content.decode()

    def access_step(self) -> str:
        row = account_row(providers={"ecs": {}}, uses_external_id=True)
        answers = {"regions": "us-east-1", "uses_external_id": "on"}
        return self.post(f"/accounts/{row.pk}/access/", **answers)

    def providers_step(self) -> str:
        row = account_row(uses_external_id=True, granted_at=timezone.now())
        return self.post(f"/accounts/{row.pk}/providers/", providers=["ecs"])

    def organization(self) -> str:
        member_row(MEMBER, "web")
        return self.post("/accounts/organization/", **SHARED, account=MEMBER)

    def organization_by_api(self) -> str:
        member_row(MEMBER, "web")
        sent = {"accounts": [MEMBER], **SHARED_BY_API}
        return self.api.post("/organization/members", sent).content.decode()

    def watch(self) -> str:
        unit = self.unit()
        return self.post("/accounts/organization/watch/", **SHARED, unit=unit.pk)

    def watch_by_api(self) -> str:
        path = f"/organization/units/{self.unit().unit_id}/watch"
        return self.api.put(path, SHARED_BY_API).content.decode()

    def unit(self) -> Unit:
        organization = member_row(MEMBER, "web").organization
        return Unit.objects.create(
            organization=organization, unit_id="ou-a1b2-c3d4e5f6"
        )

    def file(self) -> str:
        return self.post("/accounts/file/", file=SimpleUploadedFile("a.yaml", FILE))

    def file_by_api(self) -> str:
        return self.api.post("/accounts-file", FILE.decode()).content.decode()

    def account_by_api(self) -> str:
        said = {**SHARED_BY_API, "account_id": MEMBER, "providers": {"ecs": {}}}
        return self.api.put("/accounts/new", said).content.decode()

    def command(self) -> str:
        path = self.folder / "accounts.yaml"
        path.write_bytes(FILE)
        return onboard(path).err

    def plan(self) -> str:
        row = account_row(providers={"ecs": {}}, uses_external_id=True)
        with pytest.raises(Incomplete):
            refuse_incomplete(row)
        return problem(row, "access")

    def bundle(self) -> str:
        bundled = topology(staging(external_id="x-1"))
        with pytest.raises(WouldBeMisread) as caught:
            bundle_files(bundled, {"staging": "verified"})
        return str(caught.value)

    def delivery(self) -> str:
        return dict(problems(everything(external_id="x-1")))["prod-ecs"]


NO_DOORS = {"post", "unit"}
DOORS = [name for name in vars(Doors) if name[0] != "_" and name not in NO_DOORS]


@pytest.mark.parametrize("door", DOORS)
def test_it_is_refused_with_the_reason_and_nothing_is_saved(
    door: str, tmp_path: Path
) -> None:
    managing_row(name=CORE.name, account_id=CORE.account_id)
    doors = Doors(tmp_path)

    said = getattr(doors, door)()

    assert SAID in unescape(said)
    assert not ManagedAccount.objects.filter(account_id=MEMBER).exists()
    assert not Watch.objects.exists()
    both = ManagedAccount.objects.filter(uses_external_id=True, providers__key="ecs")
    assert both.count() == (door in ("access_step", "plan"))


def test_neither_is_a_field_that_is_edited_in_bulk() -> None:
    assert {"providers", "uses_external_id"}.isdisjoint(one.name for one in IN_BULK)


def test_the_admin_site_edits_neither(client: Client) -> None:
    row = account_row(providers={"ecs": {}}, uses_external_id=False)
    client.force_login(person("administrator"))

    answer = client.post(
        reverse("admin:accounts_managedaccount_change", args=[row.pk]),
        {"uses_external_id": "on"},
    )

    row.refresh_from_db()
    assert (answer.status_code, row.uses_external_id) == (403, False)
