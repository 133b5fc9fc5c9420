"""Tried: text of a stranger, like a key pair's name, as markup or as a template.

Refused: forms show text as text, and no layout compiles what it is given.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from crispy_forms.utils import render_crispy_form
from django import forms
from django.test import Client
from django.utils.html import format_html

from accounts.models import ManagedAccount
from tests.accounts.web.answers import looked
from tests.attack.hostile import HOSTILE, PLANTED, aws_answers
from tests.rows import account_row, person
from tests.test_structure import ROOT, TEMPLATES, breaking, imports, modules, name_of


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(providers={"ec2": {}, "eks": {}})


def details(client: Client, account: ManagedAccount, provider: str) -> str:
    client.force_login(person("operator"))
    url = f"/accounts/{account.pk}/details/"
    return looked(client, url, {"provider": provider}).content.decode()


def test_the_name_of_a_key_pair_is_text(
    client: Client, account: ManagedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_answers(monkeypatch, HOSTILE)

    html = details(client, account, "ec2")

    assert f"<{PLANTED}" not in html
    assert f"Existing key pairs: &lt;{PLANTED}&gt;" in html


def test_the_name_of_a_cluster_is_no_template(
    client: Client, account: ManagedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_answers(monkeypatch, HOSTILE)

    html = details(client, account, "eks")

    assert f"<{PLANTED}" not in html
    assert f"Cluster &lt;{PLANTED}&gt;" in html
    assert f"{{% {PLANTED} %}}" in html


def test_a_help_text_that_is_markup_on_purpose_stays_markup() -> None:
    class Form(forms.Form):
        code = forms.CharField(help_text=format_html("Like <code>{}</code>.", "<b>"))

    html = render_crispy_form(Form())

    assert "Like <code>&lt;b&gt;</code>." in html


SHOWS_TEXT = ROOT / "accounts/forms/fields.py"
LAYOUT = {f"crispy_forms.layout.{name}" for name in ("Div", "Field", "Layout")}
"""What has no text of its own; the rest compiles its text as a template."""


def test_no_form_takes_a_part_from_crispy_that_compiles_its_text() -> None:
    def compiling(path: Path) -> list[str]:
        crispy = [name for name in imports(path) if name.startswith("crispy_forms")]
        parts = {name for name in crispy if not name.startswith("crispy_forms.helper")}
        return sorted(parts - LAYOUT)

    assert breaking(modules("accounts"), compiling).keys() == {name_of(SHOWS_TEXT)}


def test_only_what_is_written_here_is_marked_as_safe() -> None:
    """`mark_safe` takes a text of the code's own, or what has escaped its text."""
    marked = breaking(modules("bowline", "accounts"), marked_as_safe)

    assert {name: {*texts} for name, texts in marked.items()} == ESCAPED


def marked_as_safe(path: Path) -> list[str]:
    """Give what the module marks as safe and does not write itself."""
    source = path.read_text()
    if "mark_safe" not in source and "SafeString" not in source:
        return []
    called = (
        node.args[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"mark_safe", "SafeString"}
    )
    return [ast.unparse(text) for text in called if not isinstance(text, ast.Constant)]


ESCAPED = {
    # What is foreign in it is escaped: see tests/accounts/templatetags/test_bowline.py.
    "accounts/templatetags/marks.py": {"text"},
    # And that of a diff: see tests/accounts/web/runs/review/test_rows.py.
    "accounts/web/runs/review/plans.py": {
        "'\\n'.join((ROW.format(*cells) for cells in row_cells(rows, sides)))",
        "BREAKS.sub(lambda at: at[1] or f'{at[2]}<wbr>', html)",
    },
    "accounts/web/highlighting.py": {"highlight(text, lexer, formatter)"},
    # Raw HTML is switched off: see tests/accounts/web/bundles/test_readable.py.
    "accounts/web/bundles/views.py": {
        "str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))"
    },
    # As above: see tests/accounts/web/help/documentation/test_rendering.py.
    "accounts/web/help/views.py": {"html"},
}
UNESCAPED = re.compile(r"\|\s*safe|autoescape|safeseq|\{%\s*filter\b")


def test_no_template_switches_escaping_off() -> None:
    assert breaking(TEMPLATES, lambda path: UNESCAPED.findall(path.read_text())) == {}
