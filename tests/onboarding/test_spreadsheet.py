"""The accounts file as CSV: the same rows as YAML, and what spreadsheets do to them."""

from __future__ import annotations

import pytest

from onboarding import accounts_file
from onboarding.accounts_file import AccountsFile, FileProblems
from onboarding.accounts_file.spreadsheet import is_csv

YAML = """\
accounts:
- name: staging
  account_id: "022222222222"
  environment: staging
  regions: [us-east-1, us-west-2]
  access_role: OrganizationAccountAccessRole
  external_id: false
  adopts: true
  permissions: {READ: [developers, team a], WRITE: [operators]}
  providers:
    ec2: {}
    ecs: {access: read}
    eks: {clusters: [{name: apps, region: us-east-1, namespaces: [web, db]}]}
- name: plain
  account_id: "033333333333"
  regions: [eu-west-1]
  providers: {lambda: {}}
"""
CSV = """\
name,account_id,environment,regions,access_role,external_id,adopts,READ,WRITE,ec2,ecs,eks,lambda
staging,0222-2222-2222,staging,us-east-1;us-west-2,OrganizationAccountAccessRole,no,TRUE,\
developers;team a,operators,yes,access: read,\
"{clusters: [{name: apps, region: us-east-1, namespaces: [web, db]}]}",no
plain,033333333333,,eu-west-1,,,,,,,,,x
"""
HEADING = "name,account_id,regions,ec2\n"
STAGING = "staging,022222222222,us-east-1,yes\n"


def read(text: str | bytes) -> AccountsFile:
    content = text if isinstance(text, bytes) else text.encode()
    return accounts_file.read_accounts_file(content, csv=True)


def refused(text: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(FileProblems) as caught:
        read(text)
    return [(problem.line, problem.message) for problem in caught.value.problems]


def without_lines(file: AccountsFile) -> list[object]:
    return [(one.managed, one.columns) for one in file.accounts]


def test_csv_and_yaml_say_the_same() -> None:
    written = accounts_file.read_accounts_file(YAML.encode())

    assert without_lines(read(CSV)) == without_lines(written)
    assert [one.line for one in read(CSV).accounts] == [2, 3]


@pytest.mark.parametrize(
    "saved",
    [
        b"\xef\xbb\xbf" + CSV.encode(),
        CSV.replace("\n", "\r\n").encode(),
        ("sep=,\r\n" + CSV).encode(),
        (CSV + ",,,,,,,,,,,,\n\n").encode(),
        CSV.replace("account_id", "Account ID").replace("READ", " Read ").encode(),
        CSV.replace("\nplain", ",,,\nplain", 1).encode(),
        "\t".join(CSV.split("\n")[0].split(",")).encode()
        + b"\nstaging\t022222222222\t\tus-east-1\t\t\t\t\t\tyes\n",
    ],
    ids=["BOM", "CRLF", "sep", "empty rows", "heading", "empty cells", "tabs"],
)
def test_what_spreadsheets_add_does_not_matter(saved: bytes) -> None:
    assert read(saved).accounts[0].managed.name == "staging"


def test_a_file_with_semicolons_is_read() -> None:
    text = "name;account_id;regions;ec2\nstaging;022222222222;us-east-1 us-west-2;yes\n"

    (account,) = read(text).accounts

    assert account.managed.regions == ("us-east-1", "us-west-2")


@pytest.mark.parametrize("written", ["9.22222E+11", "9,22222E+11", "922222222222.0"])
def test_an_account_id_that_became_a_number_is_refused(written: str) -> None:
    row = f'staging,"{written}",us-east-1,yes\n'

    ((line, said),) = refused(HEADING + row)

    assert line == 2
    assert said.startswith(f"account_id: “{written}” isn't valid. A spreadsheet")


def test_an_account_id_without_its_zeros_is_refused() -> None:
    ((line, said),) = refused(HEADING + "staging,22222222222,us-east-1,yes\n")

    assert line == 2
    assert "and this one has 11. Spreadsheets remove leading zeros" in said


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("name,regions,ec2\na,b,c\n", 1, "The column “account_id” is missing."),
        ("name,account_id,regions,ec3\n", 1, "There is no column “ec3”."),
        ("name,account_id,regions,,ec2\n", 1, "There is no column number 4."),
        ("name,account_id,regions,Name\n", 1, "The column “name” is there twice."),
        (HEADING + "staging,022222222222,,yes\n", 2, "“regions” is missing here."),
        (HEADING + ",022222222222,us-east-1,yes\n", 2, "“name” is missing here."),
        (HEADING + "staging,022222222222,us-east-1,\n", 2, "Choose at least one of"),
        (
            HEADING + "staging,022222222222,us-est-1,yes\n",
            2,
            "regions: “us-est-1” isn't a Region of AWS",
        ),
        (
            HEADING + "staging,022222222222,us-east-1,us-west-2,yes\n",
            2,
            "This row has 5 cells, and the heading has 4.",
        ),
        (
            HEADING + "staging,022222222222,us-east-1,maybe\n",
            2,
            "ec2: “maybe” isn't valid. Write yes, no, or details",
        ),
        (
            HEADING + "staging,022222222222,us-east-1,{access: root}\n",
            2,
            "ec2: “root” isn't valid.",
        ),
        (
            HEADING + "staging,022222222222,us-east-1,{access\n",
            2,
            "ec2: Invalid YAML",
        ),
        (
            HEADING + '"sta\nging",022222222222,us-east-1,yes\n',
            2,
            "name: “sta\nging” isn't valid.",
        ),
        (HEADING + STAGING + '"', 3, "Invalid CSV: unexpected end of data."),
        (HEADING + STAGING + STAGING, 3, "“022222222222” is taken by line 2 already."),
        (
            "name,account_id,regions,adopts,ec2\na,022222222222,us-east-1,perhaps,yes\n",
            2,
            "adopts must be true or false.",
        ),
        ("", 1, "The file is empty."),
    ],
)
def test_each_problem_has_its_line(text: str, line: int, sentence: str) -> None:
    (found, said), *others = refused(text)

    assert found == line
    assert all(" is taken by " in other for _, other in others)
    assert said.startswith(sentence)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04...", "This is a workbook"),
        (HEADING.encode("utf-16"), "This is UTF-16."),
        ((HEADING + "größe").encode("latin-1"), "The file isn't UTF-8. In the spread"),
    ],
)
def test_another_format_is_named(content: bytes, sentence: str) -> None:
    ((_, said),) = refused(content)

    assert said.startswith(sentence)


def test_more_accounts_than_are_read_at_once_are_one_problem() -> None:
    rows = "".join(f"a{n},{n:012},us-east-1,yes\n" for n in range(10_001))

    ((line, said),) = refused(HEADING + rows)

    assert line == 10_002
    assert said.startswith("The file has more than 10,000 accounts.")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (CSV.encode(), True),
        (b"\xef\xbb\xbfname;account_id\r\n", True),
        (YAML.encode(), False),
        (b"managing: {name: core, account_id: '1'}\n", False),
        (b"# accounts\naccounts: []\n", False),
    ],
)
def test_the_first_line_tells_csv_from_yaml(content: bytes, said: bool) -> None:
    assert is_csv(content) is said


def test_the_same_mistake_in_two_rows_is_named_with_the_line_of_each() -> None:
    bad = '"{clusters: [{name: apps, region: us-east-1, rights: all}]}"'
    text = "name,account_id,regions,eks\n" + "".join(
        f"a{n},{n:012},us-east-1,{bad}\n" for n in (1, 2)
    )

    (line, sentence), *others = refused(text)

    assert line == 2
    assert others == [(3, sentence)]
