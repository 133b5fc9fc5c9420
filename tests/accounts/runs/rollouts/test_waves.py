"""Waves and thresholds hold, whatever the accounts do and in whatever order."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Rollout
from accounts.runs.rollouts.census import Counts, Next, Wave, next_step

USUAL = Rollout()
any_settings = st.builds(
    Rollout,
    first_wave=st.integers(1, 8),
    second_percent=st.integers(1, 100),
    at_once=st.integers(1, 20),
    most_failures=st.integers(1, 20),
    failure_percent=st.integers(1, 100),
)


def moved(counts: Counts, number: int, **by: int) -> Counts:
    waves = list(counts.waves)
    wave = waves[number - 1]
    fields = {name: getattr(wave, name) + more for name, more in by.items()}
    waves[number - 1] = replace(wave, **fields)
    return replace(counts, waves=tuple(waves))


@given(
    settings=any_settings,
    total=st.integers(0, 20),
    late=st.integers(0, 10),
    data=st.data(),
)
def test_a_rollout_obeys_its_settings_to_its_end(settings, total, late, data) -> None:
    """Accounts end, and late ones are approved or leave it, in any order."""
    counts, left = Counts(undecided=late, approved=total), 0
    while True:
        step = next_step(counts, settings)
        assert bool(step.pause) == must_pause(counts, settings)
        assert_it_may_start(step, counts, settings)
        counts = moved(counts, step.wave, working=step.start)
        counts = replace(counts, approved=counts.approved - step.start)
        if not (counts.working or counts.undecided):
            break
        if counts.undecided and (not counts.working or data.draw(st.booleans())):
            leaves = data.draw(st.booleans())
            left += leaves
            counts = replace(
                counts,
                undecided=counts.undecided - 1,
                approved=counts.approved + (not leaves),
            )
            continue
        busy = [n for n, wave in enumerate(counts.waves, 1) if wave.working]
        ends = data.draw(st.sampled_from(["good", "good", "good", "failed"]))
        counts = moved(
            counts, data.draw(st.sampled_from(busy)), working=-1, **{ends: 1}
        )

    assert step.pause or not counts.approved
    assert counts.total == total + late - left


def room_in(wave: int, settings: Rollout, total: int) -> int:
    """Count by hand how many accounts a wave is for."""
    second = math.ceil(total * Fraction(settings.second_percent, 100))
    return (settings.first_wave, max(1, second), total)[wave - 1]


def must_pause(counts: Counts, settings: Rollout) -> bool:
    """Judge by hand whether the failures have reached a limit."""
    failed = [wave.failed for wave in counts.waves]
    begun = [n for n in (1, 2, 3) if counts.waves[n - 1] != Wave()]
    if sum(failed) >= settings.most_failures or not begun:
        return sum(failed) >= settings.most_failures
    here = counts.waves[begun[-1] - 1]
    total = sum(w.working + w.good + w.failed for w in counts.waves)
    total += counts.undecided + counts.approved
    earlier = counts.waves[: begun[-1] - 1]
    left = total - sum(w.working + w.good + w.failed for w in earlier)
    room = min(room_in(begun[-1], settings, total), left)
    share = Fraction(here.failed, max(room, here.working + here.good + here.failed))
    return here.failed > 0 and share >= Fraction(settings.failure_percent, 100)


def assert_it_may_start(step: Next, counts: Counts, settings: Rollout) -> None:
    before, here = counts.waves[: step.wave - 1], counts.waves[step.wave - 1]
    assert 0 <= step.start <= counts.approved
    if not step.start:
        return
    assert not step.pause
    assert counts.working + step.start <= settings.at_once
    assert not any(wave.working for wave in before)
    started = here.working + here.good + here.failed + step.start
    assert started <= room_in(step.wave, settings, counts.total)


def test_the_first_account_goes_alone() -> None:
    step = next_step(Counts(approved=100), USUAL)

    assert (step.wave, step.start) == (1, 1)


def test_nothing_more_starts_until_the_first_is_verified() -> None:
    step = next_step(Counts(approved=99, waves=(Wave(1), Wave(), Wave())), USUAL)

    assert step.start == 0


def test_ten_percent_follow_and_then_the_rest_so_many_at_once() -> None:
    first, second = Wave(good=1), Wave(good=10)

    steps = [
        next_step(Counts(approved=99, waves=(first, Wave(), Wave())), USUAL),
        next_step(Counts(approved=89, waves=(first, second, Wave())), USUAL),
    ]

    assert [(step.wave, step.start) for step in steps] == [(2, 10), (3, 50)]


def test_more_are_at_once_where_workers_carry_them_all_unless_a_person_chose() -> None:
    chosen = Rollout(at_once=51)

    def started(carried: int, working: int, settings: Rollout) -> int:
        rest = Wave(working=working, carried=carried)
        waves = (Wave(good=1), Wave(good=10), rest)
        return next_step(Counts(approved=900, waves=waves), settings).start

    assert started(0, 0, USUAL) == 50
    assert started(32, 50, USUAL) == 0
    assert started(50, 50, USUAL) == 13
    assert started(128, 160, USUAL) == 0
    assert started(128, 140, USUAL) == 20
    assert started(128, 50, chosen) == 1


def test_a_wave_is_tried_by_people_before_the_next_one() -> None:
    waits = Rollout(take_over={"trust": True})
    done, working = Wave(good=1), Wave(working=1)

    begun = next_step(Counts(approved=100), waits)
    busy = next_step(Counts(approved=99, waves=(working, Wave(), Wave())), waits)
    ended = next_step(Counts(approved=99, waves=(done, Wave(), Wave())), waits)
    known = (replace(done, known=1), Wave(), Wave())
    resumed = next_step(Counts(approved=99, waves=known), waits)
    last = (*known[:2], Wave(good=99))

    assert (begun.start, busy.pause) == (1, "")
    assert (ended.start, ended.pause[:15]) == (0, "Wave 1 is done.")
    assert (resumed.wave, resumed.start, resumed.pause) == (2, 10, "")
    assert next_step(Counts(waves=last), waits).pause == ""


def test_those_of_all_waves_that_are_tried_again_count_as_working() -> None:
    waves = (Wave(working=1), Wave(working=9, good=1), Wave(working=30))

    step = next_step(Counts(approved=59, waves=waves), USUAL)

    assert (step.wave, step.start) == (3, 10)


def test_a_wave_waits_for_those_that_are_not_approved_yet() -> None:
    """Its share is that of the whole rollout, not of what is approved so far."""
    waves = (Wave(good=1), Wave(good=4), Wave())

    step = next_step(Counts(undecided=90, approved=5, waves=waves), USUAL)

    assert (step.wave, step.start) == (2, 5)


def test_the_first_account_that_fails_pauses_it() -> None:
    step = next_step(Counts(approved=99, waves=(Wave(failed=1), Wave(), Wave())), USUAL)

    assert step.start == 0
    assert step.pause == "1 failed account of 1 in wave 1 reached the limit of 10%."


def test_the_share_of_failures_is_one_of_the_accounts_that_there_are() -> None:
    settings = Rollout(first_wave=5, failure_percent=50)
    waves = (Wave(failed=1), Wave(), Wave())

    step = next_step(Counts(approved=1, waves=waves), settings)

    assert step.pause == "1 failed account of 2 in wave 1 reached the limit of 50%."


def test_the_share_of_failures_in_the_rest_is_one_of_the_rest() -> None:
    waves = (Wave(good=1), Wave(good=4), Wave(good=12, failed=4))

    step = next_step(Counts(approved=19, waves=waves), USUAL)

    assert step.pause == "4 failed accounts of 35 in wave 3 reached the limit of 10%."


def test_accounts_that_left_the_rollout_make_no_share_of_failures_larger() -> None:
    """Of a hundred, ten were started; then all but nineteen of them left."""
    waves = (Wave(good=1), Wave(good=9, failed=1), Wave())

    step = next_step(Counts(approved=8, waves=waves), Rollout(failure_percent=11))

    assert step.pause == ""


def test_failures_of_all_waves_are_counted_together() -> None:
    settings = Rollout(failure_percent=100, most_failures=3)
    waves = (Wave(good=1), Wave(good=8, failed=2), Wave(working=20, failed=1))

    step = next_step(Counts(approved=60, waves=waves), settings)

    assert step.pause == "3 failed accounts reached the limit of 3."


def test_failures_that_a_person_saw_and_resumed_pause_it_no_more() -> None:
    waves = (Wave(failed=1, tolerated=1), Wave(), Wave())

    step = next_step(Counts(approved=99, waves=waves), USUAL)

    assert (step.wave, step.start, step.pause) == (2, 10, "")
