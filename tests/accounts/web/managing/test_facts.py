"""The managing account as it is read, and what is next for it."""

from __future__ import annotations

from accounts.models import Run
from accounts.models.states import State, Status
from accounts.web.managing.views import next_step
from tests.factories import image_key
from tests.rows import managing_row, run_row


def test_a_viewer_sees_it(viewer) -> None:
    managing_row(name="core")

    html = viewer.get("/managing/?edit=1").content.decode()

    assert "<dt>Role name</dt><dd>SpinnakerAuthRole</dd>" in html
    assert 'name="identity_name"' not in html
    assert "edit=1" not in html.partition("<main")[2]


def test_its_facts_are_read_before_they_are_edited(operator) -> None:
    managing_row(name="core", bakes=True, image_keys=[image_key()])

    page = operator.get("/managing/").content.decode()
    form = operator.get("/managing/?edit=1").content.decode()

    assert "<dt>Accounts that Spinnaker can access</dt><dd>Listed accounts</dd>" in page
    assert "<dt>Bake images in this account</dt><dd>Yes</dd>" in page
    assert "alias" not in page
    assert "Organization ID" not in page
    assert 'name="identity_name"' not in page
    assert 'href="/managing/?edit=1"' in page
    assert 'name="identity_name"' in form
    assert 'href="/managing/">Cancel' in form


def test_a_plan_that_waits_is_its_next_step(operator) -> None:
    row = managing_row(state=State.DRIFTED)
    run = run_row(Status.PLANNED, kind=Run.Kind.MANAGING)

    step = next_step(row)

    assert step is not None
    assert (step.label, step.url) == ("Review the plan", run.get_absolute_url())
