from __future__ import annotations

from onboarding.desired.policy_sets import policy_sets_after


def test_what_came_after_a_policy_set_is_said_in_order(monkeypatch):
    sets = ("The first.", "Volumes may be tagged.", "Snapshots may be shared.")
    monkeypatch.setattr("onboarding.desired.policy_sets.POLICY_SETS", sets)

    assert policy_sets_after(1) == (
        (2, "Volumes may be tagged."),
        (3, "Snapshots may be shared."),
    )
    assert policy_sets_after(3) == ()
