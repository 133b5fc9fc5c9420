"""`manage.py installed`: a pipeline says which bundle Spinnaker has now."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Activity, Bundle
from accounts.spinnaker.gone import gone_answer
from tests.bundles import core, staging
from tests.factories import topology
from tests.rows import bundle_row, person

pytestmark = pytest.mark.django_db


def test_the_bundle_is_on_record_as_what_spinnaker_has() -> None:
    bundle_row(topology(core(), staging()), 3)
    person("operator", username="olga")
    out = io.StringIO()

    call_command("installed", "3", "--by", "olga", stdout=out)

    assert out.getvalue() == "Recorded: Spinnaker has bundle 3.\n"
    assert Bundle.objects.installed().get().installed_by_name == "olga"
    assert Activity.objects.get().what == Activity.What.INSTALL


def test_where_accounts_are_gone_from_it_somebody_must_have_looked() -> None:
    bundle_row(topology(core()), 3, topology(core(), staging()))
    digest = gone_answer(Bundle.objects.get().files)

    for answer in ("", "yes", "all gone 000000000000"):
        with pytest.raises(CommandError, match="no longer includes some earlier"):
            call_command("installed", "3", "--answer", answer)
    assert not Bundle.objects.installed().exists()

    for answer in (f"all gone   {digest}", "gone"):
        Bundle.objects.update(installed_at=None)
        call_command("installed", "3", "--answer", answer, stdout=io.StringIO())
        assert Bundle.objects.installed().exists()
        assert Activity.objects.order_by("-pk")[0].detail["answer"] == answer


def test_a_bundle_that_does_not_exist_is_refused() -> None:
    with pytest.raises(CommandError, match="There is no bundle 3 that is ready"):
        call_command("installed", "3")


def test_a_bundle_that_is_not_built_is_refused() -> None:
    Bundle.objects.create(number=3)

    with pytest.raises(CommandError, match="There is no bundle 3 that is ready"):
        call_command("installed", "3")
