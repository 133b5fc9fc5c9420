"""Switch four eyes of an environment on, or off: off takes two administrators, as it
takes the second person from what others decide. Plans that exist keep theirs.
"""

from __future__ import annotations

from django.contrib.auth.models import User

from accounts.decisions.decision import setting
from accounts.models import Activity, EnvironmentPolicy
from accounts.notifications.notifying import notify_of_own
from accounts.people.activity import record
from accounts.people.deciding import SamePerson
from accounts.people.policies import choose, strict_among
from accounts.people.role_limits.naming import NONE
from accounts.people.roles import active_administrators


def hold_policy(environment: str) -> None:
    rows = EnvironmentPolicy.objects.select_for_update(of=("self",), no_key=True)
    list(rows.filter(environment=environment))


@setting("switch a second approver on", locks=hold_policy)
def switch_on(environment: str, by: User) -> None:
    """Require a second person from now on; nobody's wish to end that remains."""
    choose(environment, second_approver=True)
    tell(environment, "on", by)


@setting("ask to switch a second approver off", locks=hold_policy)
def ask_off(environment: str, by: User) -> bool:
    """Ask the other administrators to switch it off; until one of them does, it is on.
    False where it is off, or somebody asked already.
    """
    row = EnvironmentPolicy.objects.filter(environment=environment).first()
    if (row and row.off_asked_by) or not strict_among({environment}):
        return False
    EnvironmentPolicy.objects.update_or_create(
        environment=environment,
        defaults={"off_asked_by": by},
        create_defaults={"off_asked_by": by, "second_approver": True},
    )
    tell(environment, "off asked", by)
    return True


@setting("switch a second approver off", locks=hold_policy)
def switch_off(environment: str, by: User) -> bool:
    """Switch it off, as another administrator asked; False where nobody did. Raise
    SamePerson to whoever asked.
    """
    row = EnvironmentPolicy.objects.filter(environment=environment).first()
    if row is None or row.off_asked_by is None:
        return False
    if row.off_asked_by == by:
        raise SamePerson(f"{by} requested this. Another administrator must confirm it.")
    choose(environment, second_approver=False)
    tell(environment, "off", by)
    return True


def tell(environment: str, what: str, by: User) -> None:
    """Record it, and mail it to every administrator."""
    about = environment or NONE
    entry = record(by, Activity.What.SETTINGS, about, {"second_approver": what})
    for administrator in active_administrators():
        notify_of_own(administrator, entry)
