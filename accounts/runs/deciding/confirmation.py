"""What a person types to approve what deletes: pages and the API ask for the same."""

from __future__ import annotations

from accounts.wording import counted


class Unconfirmed(ValueError):
    """Something is to be deleted, and what was typed does not say so."""


def confirm_run(account_name: str, typed: str) -> None:
    """Raise Unconfirmed unless the account was named whose plan deletes."""
    if typed != account_name:
        raise Unconfirmed(
            f"Type the account's name, {account_name}, to approve a plan that deletes."
        )


def confirm_leaving(account_name: str, typed: str) -> None:
    """Raise Unconfirmed unless the account was named that is to leave Bowline."""
    if typed != account_name:
        raise Unconfirmed(
            f"Type the account's name, {account_name}, to take it out of Bowline."
        )


def phrase_of_group(plans: int) -> str:
    return f"delete in {counted(plans)}"


def confirm_group(plans: int, typed: str) -> None:
    """Raise Unconfirmed unless it was said in how many accounts a group deletes."""
    confirm(phrase_of_group(plans), typed, "these plans")


def phrase_of_delivery(removes: int) -> str:
    return f"remove {counted(removes)}"


def confirm_delivery(removes: int, typed: str) -> None:
    """Raise Unconfirmed unless it was said how many accounts Spinnaker loses."""
    confirm(phrase_of_delivery(removes), typed, "this")


def confirm(phrase: str, typed: str, what: str) -> None:
    if " ".join(typed.split()).lower() != phrase:
        raise Unconfirmed(f"Type “{phrase}” to approve {what}.")
