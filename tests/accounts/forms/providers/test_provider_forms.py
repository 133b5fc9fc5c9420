from __future__ import annotations

import pytest

from accounts.forms.providers import FORMS
from onboarding.providers import PROVIDERS
from tests.factories import LEAST, managed, provider

every_provider = pytest.mark.parametrize("key", PROVIDERS)


@every_provider
def test_a_form_without_answers_describes_the_provider_as_it_is_by_default(key):
    staging = managed()
    blank = FORMS[key](managed=staging, initial=LEAST.get(key))
    posted = {
        name: blank.get_initial_for_field(field, name)
        for name, field in blank.fields.items()
    }

    form = FORMS[key](posted, managed=staging)

    assert form.is_valid(), form.errors
    assert PROVIDERS[key].from_details(form.details()) == provider(key)


@every_provider
def test_a_form_shows_the_details_that_are_stored(key):
    form = FORMS[key](managed=managed(), initial=provider(key).details)

    shown = form.as_p()

    assert all(str(field.label) in shown for field in form.visible_fields())


@every_provider
def test_a_form_is_a_part_of_the_pages_own_form(key):
    helper = FORMS[key](managed=managed()).helper

    assert helper.form_tag is False


def test_every_provider_has_a_form():
    assert list(FORMS) == list(PROVIDERS)
