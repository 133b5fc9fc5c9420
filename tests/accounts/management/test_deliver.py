"""`manage.py deliver`: plan, approve, send and watch, in one command."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from accounts.management.commands import deliver
from accounts.models import Activity, Delivery, ManagedAccount
from accounts.models.lease import LEASE, Leased
from accounts.spinnaker.deliveries.planning import wanted_bodies
from tests.accounts.spinnaker.deliveries.delivering import proved_row, reach
from tests.onboarding.delivery.accounts import foreign
from tests.onboarding.delivery.strict_gate import Killed, StrictGate, error
from tests.rows import decider, person

pytestmark = pytest.mark.django_db


class Ending(NamedTuple):
    code: int
    out: list[str]
    err: list[str]


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch, managing) -> StrictGate:
    gate = StrictGate()

    def fake(**fields: Any) -> Any:
        return reach(gate, **fields)

    monkeypatch.setattr(deliver, "reach", fake)
    monkeypatch.setattr(deliver, "leases_extended", nullcontext)
    monkeypatch.setattr(deliver.time, "sleep", lambda _: gate.clock.sleep(15))
    return gate


def run(*arguments: str) -> Ending:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("deliver", *arguments, stdout=out, stderr=err)
    code = int(str(ended.value.code))
    return Ending(code, out.getvalue().splitlines(), err.getvalue().splitlines())


def test_a_dry_run_prints_the_plan_and_keeps_nothing(strict: StrictGate) -> None:
    proved_row()

    ending = run("--dry-run")

    assert (ending.code, ending.err) == (2, [])
    assert ending.out[:2] == [
        "Delivery: 1 to add, 0 to change, 0 to remove, 0 to take over, 0 unchanged",
        "  + aws account staging",
    ]
    assert '    accountId: "922222222222"' in ending.out
    assert strict.writes == []
    assert not Delivery.objects.exists()
    assert not Activity.objects.exists()


def test_a_plan_that_nobody_approves_waits(strict: StrictGate) -> None:
    proved_row()

    ending = run()

    assert ending.code == 2
    assert Delivery.objects.get().status == "planned"
    assert strict.writes == []


def test_it_delivers_and_waits_until_it_is_loaded(strict: StrictGate) -> None:
    proved_row()
    decider("olga")

    first = run("--approve", "--by", "olga")
    second = run("--yes")

    assert (first.code, first.err) == (0, [])
    assert first.out[-3:-1] == [
        "Sent 1 of 1.",
        "Stored. Waiting until Spinnaker loads 1 account.",
    ]
    assert first.out[-1].startswith("Spinnaker has loaded, or unloaded, 1 account")
    assert Delivery.objects.get(number=1).approved_by_name == "olga"
    assert second.code == 0
    assert second.out == [
        "Delivery 2: 0 to add, 0 to change, 0 to remove, 0 to take over, 1 unchanged"
    ]
    assert strict.names("PUT") == ["staging"]


def test_another_person_approves_the_plan_that_waits(strict: StrictGate) -> None:
    proved_row(environment="production")
    person("operator", username="olga")
    person("approver", username="paul")

    planned = run("--by", "olga")
    refused = run("--approve")
    approved = run("--approve", "--by", "paul")

    assert (planned.code, refused.code, approved.code) == (2, 2, 0)
    assert refused.err[0].startswith("Delivery 1: not approved. In production, the")
    row = Delivery.objects.get()
    assert (row.created_by_name, row.approved_by_name) == ("olga", "paul")


def test_a_second_person_approves_by_number_and_plans_nothing(
    strict: StrictGate,
) -> None:
    """Where Spinnaker changed since, they would else be who planned."""
    proved_row(environment="production")
    person("operator", username="olga")
    decider("boss")
    planned = run("--by", "olga")
    refused = run("--approve")

    command = refused.err[1].removeprefix("  They run: manage.py deliver ")
    number, digest = command.split()[1], command.split()[3]
    with pytest.raises(CommandError, match="isn't plan 1a2b"):
        call_command("deliver", "--approve", number, "--plan", "1a2b")
    strict.stored["staging"] = foreign("staging")
    with pytest.raises(CommandError, match="what was planned has changed"):
        call_command("deliver", "--approve", number, "--by", "boss")
    del strict.stored["staging"]
    approved = run(*command.replace("USER", "boss").split())

    assert planned.out[-1] == f"Plan {digest} waits for approval."
    assert approved.code == 0
    row = Delivery.objects.get()
    assert (row.created_by_name, row.approved_by_name) == ("olga", "boss")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--approve", "7"], "There is no delivery 7"),
        (["--approve", "1"], "Delivery 1 is already loaded"),
        (["--approve", "--plan", "1a2b"], "--plan: name the delivery too"),
        (["--plan", "1a2b"], "--plan: name the delivery too"),
        (["--approve", "1", "--take-over", "a"], "--take-over: a delivery that waits"),
    ],
)
def test_only_a_plan_that_waits_is_approved_by_number(
    strict: StrictGate, words: list[str], said: str
) -> None:
    proved_row()
    run("--approve")

    with pytest.raises(CommandError, match=said):
        call_command("deliver", *words)

    assert Delivery.objects.count() == 1


def test_what_agreed_names_take_over_need_not_be_named_again(
    strict: StrictGate,
) -> None:
    strict.stored["staging"] = foreign("staging")
    proved_row()
    run("--take-over", "staging")

    approved = run("--approve", "1")

    assert approved.code == 0
    assert strict.stored["staging"] != foreign("staging")


def test_many_deletions_are_allowed_by_number_and_plan(strict: StrictGate) -> None:
    for n in range(8):
        proved_row(f"team-{n}", account_id=f"{n:012}")
    run("--approve")
    ManagedAccount.objects.all().exclude_from_bundles(None)

    refused = run("--approve")
    command = refused.err[1].partition("manage.py deliver ")[2]
    unread = run("--approve", "2", "--allow-delete")
    allowed = run(*command.split())

    assert refused.code == unread.code == 2
    assert "team-4, and 3 more from Spinnaker." in refused.err[0]
    assert command.startswith("--approve 2 --plan ")
    assert command.endswith(" --allow-delete")
    assert allowed.code == 0
    assert strict.stored == {}


def test_a_delivery_that_gate_left_half_way_says_what_is_left(
    strict: StrictGate,
) -> None:
    for n in range(3):
        proved_row(f"team-{n}", account_id=f"{n:012}")
    answer, stored = strict.put, iter(range(2))
    strict.put = lambda body: (  # type: ignore[method-assign]
        answer(body) if next(stored, None) is not None else error(401)
    )

    ending = run("--approve")

    assert ending.code == 1
    digest = Delivery.objects.get().digest
    assert ending.err[-1] == (
        "  2 of 3 accounts were sent, 1 are left. To deliver what is left: manage.py "
        f"deliver --approve 1 --plan {digest}"
    )


@pytest.mark.parametrize("first", [0, 20])
def test_an_interrupted_delivery_is_finished_by_its_number_and_plan(
    strict: StrictGate, first: int
) -> None:
    end = interrupted(strict, after=first)
    command = end.err[-1].partition("manage.py deliver ")[2]
    finished = run(*command.split())

    assert end.code == 1
    assert end.err[0].startswith("Delivery 2: failed. Bowline tried to ")
    assert end.err[1].startswith(
        f"  {first} of 60 accounts were sent, {60 - first} are left, {29 - first} of "
        "them to be deleted. To deliver what is left: "
    )
    assert end.out[-1].count("team-") == 5
    assert (finished.code, finished.err) == (0, [])
    assert {*strict.stored} == {f"new-{n:02}" for n in range(31)}


def test_what_an_interrupted_delivery_did_not_plan_is_reviewed_first(
    strict: StrictGate,
) -> None:
    end = interrupted(strict, after=0)
    command = end.err[-1].partition("manage.py deliver ")[2]
    proved_row("later", account_id="9" * 12)
    more = run(*command.split())
    approved = run(*more.err[-1].partition("manage.py deliver ")[2].split())

    assert more.code == 2
    assert more.err[0].endswith("It does more than what is left of delivery 2.")
    assert approved.code == 0
    assert "later" in strict.stored


def interrupted(strict: StrictGate, *, after: int) -> Ending:
    """Let Gate die after so many of 60 changes, of which the first 29 are removals."""
    for n in range(29):
        proved_row(f"team-{n:02}", account_id=f"{n:012}")
    assert run("--approve").code == 0
    ManagedAccount.objects.all().exclude_from_bundles(None)
    for n in range(31):
        proved_row(f"new-{n:02}", account_id=f"8{n:011}")
    planned = run("--approve")
    answers, left = (strict.delete, strict.put), iter(range(after))

    def dying(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
        alive = lambda: next(left, None) is not None  # noqa: E731
        return lambda what: answer(what) if alive() else error(503)

    strict.delete, strict.put = map(dying, answers)  # type: ignore[method-assign]
    end = run(*planned.err[1].partition("manage.py deliver ")[2].split())
    strict.delete, strict.put = answers  # type: ignore[method-assign]
    return end


def test_a_waiting_plan_that_no_longer_fits_is_planned_again(
    strict: StrictGate,
) -> None:
    strict.stored["other"] = foreign("other")
    proved_row()
    proved_row("other", account_id="933333333333")

    run("--take-over", "other")
    run("--approve")
    run("--take-over", "other")
    strict.stored["other"] = foreign("other", accountId="955555555555")
    run("--approve", "--take-over", "other")

    ended = Delivery.objects.order_by("number").values_list("status", flat=True)
    assert [*ended] == ["discarded", "loaded", "discarded", "loaded"]


def test_what_is_not_loaded_in_time_fails_with_what_was_seen(
    strict: StrictGate,
) -> None:
    strict.polls = False
    proved_row()

    ending = run("--approve")

    assert ending.code == 1
    assert "staging: stored, and not loaded in time" in ending.out
    assert any("doesn't have staging. See what" in line for line in ending.out)
    assert ending.err[1].startswith("  Nothing that was sent has shown up")
    assert ending.err[0].startswith("Delivery 1: failed. Spinnaker stored the delivery")


def test_deletions_must_be_allowed(strict: StrictGate) -> None:
    account = proved_row()
    run("--approve")
    ManagedAccount.objects.filter(pk=account.pk).exclude_from_bundles(None)

    refused = [run("--approve"), run("--approve", "--allow-delete")]
    allowed = run("--approve", "--allow-delete", "staging")

    assert [one.code for one in refused] == [2, 2]
    assert "This plan deletes staging from Spinnaker." in refused[0].err[0]
    assert "--approve 2 --plan " in refused[0].err[1]
    assert "more than a third: staging." in refused[1].err[0]
    assert allowed.code == 0
    assert strict.stored == {}


def test_an_account_of_others_is_taken_over_by_name_only(strict: StrictGate) -> None:
    strict.stored["staging"] = foreign("staging")
    strict.stored["theirs"] = foreign("theirs")
    proved_row()

    kept, taken = run("--approve"), run("--approve", "--take-over", "staging")

    assert (kept.code, taken.code) == (0, 0)
    assert any("staging (aws) is left alone." in line for line in kept.out)
    assert kept.out[-1] == "  Not Bowline's, left alone: theirs"
    assert "  ! aws account staging" in taken.out
    assert strict.stored["theirs"] == foreign("theirs")


def test_an_equal_account_is_said_to_be_equal_before_and_after(
    strict: StrictGate,
) -> None:
    proved_row()
    (body,) = wanted_bodies()
    strict.stored["staging"] = dict(body.document)
    strict.restart()

    kept, taken = run("--approve"), run("--approve", "--take-over", "staging")

    assert (kept.code, taken.code) == (0, 0)
    assert kept.out[0].endswith("0 to take over, 1 unchanged")
    assert kept.out[1].startswith(
        "  staging (aws) is unchanged. Spinnaker has it already as Bowline would send"
    )
    assert (
        "  ! aws account staging, equal: nothing is sent, and Bowline manages it"
    ) in taken.out
    assert taken.out[-1] == "staging: taken over, and nothing changed in Spinnaker"
    assert strict.writes == []


def kill(
    strict: StrictGate, monkeypatch: pytest.MonkeyPatch, when: int, *arguments: str
) -> None:
    """Kill the command at its request of this number: it lets go of nothing then."""
    strict.killed_at = when
    free = Leased.free_lease

    def free_lease(row: Leased) -> None:
        if not isinstance(sys.exc_info()[1], Killed):
            free(row)

    with monkeypatch.context() as dead:
        dead.setattr(Leased, "free_lease", free_lease)
        with pytest.raises((Killed, SystemExit)):
            call_command("deliver", *arguments, stdout=io.StringIO())
    strict.killed_at = -1


@pytest.mark.exhaustive(after=9)
@pytest.mark.parametrize("when", sorted(range(54), key=lambda when: when % 6))
def test_it_continues_what_was_killed_once_the_lease_ran_out(
    strict: StrictGate, monkeypatch: pytest.MonkeyPatch, when: int
) -> None:
    proved_row(providers={"ec2": {}, "ecs": {}}, uses_external_id=False)
    strict.stored["theirs"] = foreign("theirs")
    kill(strict, monkeypatch, when, "--approve")
    is_open = Delivery.objects.filter(status__in=Delivery.WORKING).exists()

    if is_open:
        with pytest.raises(CommandError, match=r"is in progress\. Wait"):
            call_command("deliver", "--approve")
    Delivery.objects.update(leased_until=Now() - LEASE)
    ending = run("--approve")

    assert (ending.code, ending.err) == (0, [])
    assert sorted(strict.names("PUT")) == ["staging", "staging-ecs"]
    assert strict.stored["theirs"] == foreign("theirs")


def test_it_waits_for_who_carries_a_delivery_out(
    strict: StrictGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved_row()
    kill(strict, monkeypatch, 20, "--approve")
    assert Delivery.objects.get().status == "delivering"
    Delivery.objects.update(leased_until=Now() + LEASE)
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            Delivery.objects.update(leased_until=Now() - LEASE)
        strict.clock.sleep(15)

    monkeypatch.setattr(deliver.time, "sleep", sleep)

    ending = run("--approve", "--wait")

    assert ending.code == 0
    assert ending.out[0] == "Delivery 1 didn't end, and is continued."
    assert looks[:2] == [1.0, 1.0]


def test_it_counts_what_was_stored_and_no_attempt(strict: StrictGate) -> None:
    for n in range(60):
        proved_row(f"team-{n}", account_id=f"{n:012}")
    answer, refused = strict.put, iter(range(300))

    def put(body: Any) -> Any:
        return error(500) if next(refused, None) is not None else answer(body)

    strict.put = put  # type: ignore[method-assign]

    ending = run("--approve")

    assert ending.code == 0
    assert [line for line in ending.out if line.startswith("Sent ")] == [
        "Sent 60 of 60."
    ]


def test_without_a_connection_nothing_is_planned() -> None:
    with pytest.raises(CommandError, match="isn't connected to Spinnaker"):
        call_command("deliver")
