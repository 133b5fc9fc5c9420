from __future__ import annotations

import copy
import re

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.template.loader import render_to_string

from accounts.forms.fields import (
    ListField,
    RegionsField,
    RuledField,
    SeveralInputs,
    wrong_fields,
)
from onboarding import names


def test_a_ruled_field_normalises_what_it_takes() -> None:
    field = RuledField(rule=names.account_id)

    assert field.clean("9222-2222-2222") == "922222222222"
    assert not field.has_changed("922222222222", "9222 2222 2222")


def test_a_ruled_field_refuses_with_the_rules_sentence() -> None:
    field = RuledField(rule=names.account_id)

    with pytest.raises(ValidationError, match="12 digits"):
        field.clean("12")


def test_a_ruled_field_that_is_empty_says_what_to_do() -> None:
    with pytest.raises(ValidationError, match=r"This field is required\."):
        RuledField(rule=names.account_id).clean("")


def test_a_ruled_field_that_may_be_empty_asks_no_rule() -> None:
    field = RuledField(rule=names.account_id, required=False)

    assert field.clean("") == ""


def test_a_list_field_shows_a_list_as_a_line() -> None:
    field = ListField(rule=str)

    assert field.prepare_value(["a", "b"]) == "a, b"
    assert field.prepare_value("a b") == "a b"


def test_a_list_field_keeps_order_and_drops_doubles() -> None:
    field = ListField(rule=str)

    assert field.clean("b, a\nb  c") == ["b", "a", "c"]
    assert not field.has_changed(["a", "b"], "a, b")


def test_a_list_field_may_be_required() -> None:
    field = ListField(rule=str)

    with pytest.raises(ValidationError, match="required"):
        field.clean(" , ")


def test_regions_follow_the_partition_of_their_own_form() -> None:
    original = RegionsField()
    china = copy.deepcopy(original)
    china.partition = "aws-cn"

    assert china.clean("cn-north-1") == ["cn-north-1"]
    with pytest.raises(ValidationError, match="cn-north-1"):
        original.clean("cn-north-1")


def test_several_inputs_are_read_from_a_plain_mapping_too() -> None:
    widget = SeveralInputs()
    several = QueryDict("regions=a&regions=b&regions=")

    assert widget.value_from_datadict(several, {}, "regions") == "a b"
    assert widget.value_from_datadict({"regions": "a"}, {}, "regions") == "a"
    assert widget.value_from_datadict({}, {}, "regions") == ""


def test_a_list_field_refuses_more_values_than_anybody_has() -> None:
    field = RegionsField()

    with pytest.raises(ValidationError, match="501 values are too many") as refused:
        field.clean(" ".join(f"us-east-{number}" for number in range(501)))

    assert len(refused.value.messages) == 1


class Several(forms.Form):
    name = forms.CharField(label="Name")
    kind = forms.ChoiceField(
        label="Kind", choices=[("a", "A")], widget=forms.RadioSelect
    )
    hidden = forms.IntegerField(widget=forms.HiddenInput)


def test_what_is_wrong_is_listed_with_a_link_to_each_field_that_is_seen() -> None:
    found = wrong_fields(Several({"hidden": "x"}))

    assert [(one.name, one.anchor) for one in found] == [
        ("Name", "id_name"),
        ("Kind", "id_kind_0"),
        ("Hidden", ""),
    ]
    assert found[2].sentences == ["Enter a whole number."]


def test_the_head_of_a_form_says_the_fix_and_never_a_label_alone() -> None:
    form = Several({"hidden": "1"})

    page = render_to_string("_errors.html", {"form": form})

    links = re.findall(r"<a [^>]*>([^<]*)</a>", page)
    assert links == ["Field “Name”", "Field “Kind”"]
    assert page.count("This field is required.") == 2


def test_the_head_of_a_form_without_errors_says_nothing() -> None:
    assert render_to_string("_errors.html", {"form": Several()}).strip() == ""
