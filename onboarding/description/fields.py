"""The fields of an account: a row each, in the order of the accounts file."""

from __future__ import annotations

from onboarding import names
from onboarding.carried.fields import carried
from onboarding.description.field import Field, Kind, Step, Words
from onboarding.description.other_names import other_names
from onboarding.partitions import known_region
from onboarding.topology import READER_ROLE, SESSION_NAME, MadeBy

MAKERS = tuple(one.value for one in MadeBy)
OTHERS = (MadeBy.OWNER, MadeBy.ORGANIZATION)


def maker(value: str, makers: tuple[str, ...] = MAKERS) -> str:
    """Return who makes the roles; raise ValueError for anybody else."""
    if value not in makers:
        raise ValueError(f"Write {', '.join(makers[:-1])} or {makers[-1]}.")
    return value


GROUPS = "Groups, separated by commas. Leave empty for everyone."
MAY_READ = Words("Read access", GROUPS, "accounts-file#accounts")
MAY_WRITE = Words("Write access", GROUPS)
ENVIRONMENT = Words(
    "Environment", "For example staging. Optional.", "approve#require-a-second-approver"
)
REGIONS = Words("Regions", "For example us-east-1, eu-west-1.")
OPENED = (
    "no role would be left, so everyone could {}; to allow that, set the roles to "
    "nothing"
)
DEPLOYS = "The owner or organization deploys a template of Bowline."

FIELDS = (
    Field(
        "name",
        Step.IDENTITY,
        Words(
            "Name in Spinnaker",
            "For a new account, use a–z, 0–9 and “-”.",
            "accounts-file#accounts",
        ),
        rule=names.account_name,
        longest=200,
        is_needed=True,
        is_listed=False,
    ),
    Field(
        "account_id",
        Step.IDENTITY,
        Words("AWS account ID", "12 digits, with or without spaces and dashes."),
        Kind.ACCOUNT_ID,
        rule=names.account_id,
        longest=40,
        is_needed=True,
        own=True,
        is_listed=False,
    ),
    Field(
        "environment",
        Step.IDENTITY,
        ENVIRONMENT,
        rule=names.environment,
        default="",
        own=True,
        of_many=ENVIRONMENT,
        in_bulk=Words("Environment to set", "Leave empty for none."),
        proposals="environments",
        is_listed=False,
    ),
    Field(
        "regions",
        Step.ACCESS,
        REGIONS,
        Kind.REGIONS,
        rule=known_region,
        is_needed=True,
        of_many=REGIONS,
        in_bulk=Words("These Regions", "For example us-east-1."),
        emptied="no Region would be left",
        is_listed=False,
    ),
    Field(
        "access_role",
        Step.ACCESS,
        Words(
            "Access role",
            "Bowline assumes it. Leave empty to use Bowline's own credentials.",
            "access-roles#before-you-begin",
        ),
        rule=names.role_name,
        longest=64,
        default="",
        made_by=(MadeBy.BOWLINE,),
        own=True,
        of_many=Words(
            "Access role",
            "It has this name in each account.",
            "access-roles#before-you-begin",
        ),
        is_listed=False,
    ),
    Field(
        "made_by",
        Step.ACCESS,
        Words("Who creates the roles here?", DEPLOYS, "hand-off#before-you-begin"),
        Kind.MAKER,
        rule=maker,
        default=MadeBy.BOWLINE.value,
        of_many=Words("Who creates the roles?", DEPLOYS, "hand-off#before-you-begin"),
        is_listed=False,
    ),
    Field(
        "reader_role",
        Step.ACCESS,
        Words(
            "Include a reader role for Bowline in the template",
            "With it, Bowline also compares policies.",
            "hand-off#before-you-begin",
        ),
        Kind.TRUTH,
        made_by=OTHERS,
        on=READER_ROLE,
        is_listed=False,
    ),
    Field(
        "uses_external_id",
        Step.ACCESS,
        Words(
            "Require an external ID from Spinnaker",
            "Bowline creates it.",
            "rotate-external-id",
        ),
        Kind.TRUTH,
        path=("external_id",),
        of_many=Words(
            "Ask Spinnaker for an external ID", "Not with ECS.", "rotate-external-id"
        ),
        is_listed=False,
    ),
    Field(
        "own_external_id",
        Step.ACCESS,
        Words(
            "The external ID that Spinnaker sends today",
            "Leave empty for a new one.",
        ),
        Kind.INSTEAD,
        rule=names.external_id,
        longest=1224,
        default="",
        path=("external_id",),
        is_listed=False,
    ),
    Field(
        "managed_role",
        Step.ACCESS,
        Words(
            "Managed role",
            "Leave empty for the usual one. For example spinnaker/deploy.",
            "accounts-file#accounts",
        ),
        rule=names.chain_role_in_path,
        longest=576,
        default="",
        is_listed=False,
    ),
    Field(
        "session_name",
        Step.ACCESS,
        Words("Session name", "Change it only if the trust policy requires another."),
        rule=names.session_name,
        longest=64,
        default=SESSION_NAME,
        own=True,
        is_listed=False,
    ),
    Field(
        "adopts",
        Step.ACCESS,
        Words(
            "Keep and use existing roles",
            "If this is off, Bowline stops at such a role.",
            "existing-roles#keep-an-existing-role",
        ),
        Kind.TRUTH,
        default=False,
        made_by=(MadeBy.BOWLINE,),
        own=True,
        is_listed=False,
    ),
    Field(
        "read_roles",
        Step.IDENTITY,
        MAY_READ,
        Kind.GROUPS,
        rule=names.fiat_role,
        default=[],
        path=("permissions", "READ"),
        own=True,
        of_many=MAY_READ,
        in_bulk=Words("These groups have read access", "Groups, separated by commas."),
        emptied=OPENED.format("read"),
        empty="everybody",
    ),
    Field(
        "write_roles",
        Step.IDENTITY,
        MAY_WRITE,
        Kind.GROUPS,
        rule=names.fiat_role,
        default=[],
        path=("permissions", "WRITE"),
        own=True,
        of_many=MAY_WRITE,
        in_bulk=Words("These groups have write access", "Groups, separated by commas."),
        emptied=OPENED.format("write"),
        empty="everybody",
    ),
    Field(
        "carried",
        None,
        Words("Other fields in Spinnaker"),
        Kind.CARRIED,
        rule=carried,
        default={},
        own=True,
        is_listed=False,
    ),
    Field(
        "also_as",
        None,
        Words("Other names in Spinnaker"),
        Kind.NAMES,
        rule=other_names,
        default=[],
        is_listed=False,
    ),
)

BY_NAME = {one.name: one for one in FIELDS}
SHARED = tuple(one for one in FIELDS if one.of_many)
"""What accounts that are added together have in common."""
IN_BULK = tuple(one for one in FIELDS if one.in_bulk)


def of_step(step: Step) -> tuple[Field, ...]:
    return tuple(one for one in FIELDS if one.step is step)
