"""What a test of the connection shows, and the file that the operator sets once."""

from __future__ import annotations

import yaml

from onboarding.delivery.connection import NO_ONE, NOT_ADMIN, report
from onboarding.delivery.errors import Kind
from onboarding.delivery.gate import Caller
from onboarding.delivery.releases import ECS_WARNING, Release
from onboarding.delivery.switches import switches
from tests.factories import managing
from tests.onboarding.delivery.accounts import everything
from tests.onboarding.delivery.strict_gate import StrictGate, error, ok

NEW = Release(2026, 3)


def test_it_says_who_bowline_is_and_counts_what_is_there():
    strict = StrictGate(files={"old": dict(everything()[0].document, name="old")})
    strict.stored = {body.name: dict(body.document) for body in everything()}
    strict.restart()

    found = report(strict.gate, NEW)

    assert found.caller == Caller("bowline", ("robots",), is_admin=True)
    assert (found.stored, found.loaded) == (3, 4)
    assert (found.error, found.warnings) == (None, ())
    assert strict.writes == []


def test_an_account_manager_is_warned_of():
    assert report(StrictGate(admin=False).gate, NEW).warnings == (NOT_ADMIN,)


def test_nobody_is_warned_of():
    assert report(StrictGate(failing=[ok(None)]).gate, NEW).warnings == (NO_ONE,)


def test_a_sign_in_that_failed_is_the_error():
    found = report(StrictGate(failing=[error(401)]).gate, NEW)

    assert found.caller is None
    assert found.error
    assert found.error.kind is Kind.SIGN_IN


def test_a_missing_right_is_the_error_of_a_known_caller():
    found = report(StrictGate(fiat_down=True).gate, NEW)

    assert found.caller
    assert found.error
    assert found.error.kind is Kind.DENIED


def test_an_old_release_is_asked_for_nothing_that_it_does_not_load():
    strict = StrictGate()

    found = report(strict.gate, Release(2025, 1))

    assert not any("/type/aws" in path for _, path, _ in strict.requests)
    assert len(found.warnings) == 2
    assert ECS_WARNING in report(strict.gate, Release(2026, 2)).warnings


def test_the_operators_file_switches_everything_on_and_hides_no_list():
    known = yaml.safe_load(switches(managing(), period=20))

    assert known["sql"] == {"enabled": True}
    assert known["account"]["storage"] == {
        "enabled": True,
        "aws": {"enabled": True},
        "ecs": {"enabled": True},
        "kubernetes": {"enabled": True},
    }
    assert known["credentials"]["poller"] == {
        "enabled": True,
        "types": {"default": {"reloadFrequencyMs": 20_000}},
    }
    assert known["aws"]["defaultAssumeRole"] == "role/spinnakerManaged"
    assert known["aws"]["features"] == {"lambda": {"enabled": True}}
    assert not any("accounts" in known[name] for name in ("aws", "ecs", "kubernetes"))


def test_the_default_role_is_a_whole_arn_in_other_partitions():
    known = yaml.safe_load(switches(managing(partition="aws-cn")))

    role = "arn:aws-cn:iam::{{accountId}}:role/spinnakerManaged"
    assert known["aws"]["defaultAssumeRole"] == role


def test_default_regions_are_set_where_the_usual_ones_are_of_another_partition():
    china = yaml.safe_load(switches(managing(partition="aws-cn")))

    assert china["aws"]["defaultRegions"] == [{"name": "cn-north-1"}]
    assert "defaultRegions" not in yaml.safe_load(switches(managing()))["aws"]


def test_the_reload_trap_what_others_stored_with_fields_left_out_is_said():
    strict = StrictGate(defaults={"edda": "https://edda.example.com"})
    (body, *_) = everything()
    short = {key: value for key, value in body.document.items() if key != "enabled"}
    strict.stored = {"prod": dict(body.document), "theirs": {**short, "name": "theirs"}}
    strict.files = {"filed": {**short, "name": "filed"}}
    strict.restart()

    found = report(strict.gate, NEW)

    assert found.reloading == {"prod": ("edda",), "theirs": ("edda", "enabled")}
