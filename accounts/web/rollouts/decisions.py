"""What people decide on a rollout's page; each press shows what it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, QueryDict

from accounts.decisions.decision import Decision
from accounts.http import Request
from accounts.models import Rollout
from accounts.runs.rollouts import decisions
from accounts.web.posts import post
from accounts.web.rollouts.forms import SettingsForm
from accounts.web.rollouts.views import rollout_of, rollout_page
from accounts.wording import counted

ROLLOUT = "runs/rollouts/<int:number>"


def settings_form(posted: QueryDict, rollout: Rollout) -> SettingsForm:
    return SettingsForm(posted, instance=rollout)


def page_with(request: Request, rollout: Rollout, form: SettingsForm) -> HttpResponse:
    return rollout_page(request, rollout_of(rollout.number), form=form)


def started_again(_: Rollout, accounts: int) -> str:
    what = counted(accounts) if accounts else "the managing account"
    return f"Started again for {what}."


SAYS: dict[Decision[Any, Any], Callable[..., str] | str] = {
    decisions.pause: "{} is paused. Accounts in progress will finish.",
    decisions.resume: "{} continues. Earlier failures no longer pause it.",
    decisions.stop: "{} is stopped. Accounts that hadn't started are discarded.",
    decisions.retry: started_again,
}
posts = [
    *(
        post(
            f"{ROLLOUT}/{one.name}/",
            one,
            name=f"rollout-{one.name}",
            find=rollout_of,
            said=said,
        )
        for one, said in SAYS.items()
    ),
    post(
        f"{ROLLOUT}/settings/",
        decisions.configure,
        name="rollout-settings",
        find=rollout_of,
        form=settings_form,
        page=page_with,
        said="The waves and limits are saved.",
    ),
]
