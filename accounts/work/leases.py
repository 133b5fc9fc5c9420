"""Hold a row for as long as it is worked on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from accounts.models.lease import Durable, LeaseLost

logger = logging.getLogger(__name__)

D = TypeVar("D", bound=Durable)


def holding(row: D, work: Callable[[D], object]) -> bool:
    """Do the work on the row as it is now, unless another worker holds it; return
    whether this one did, and held it to the end.
    """
    return row.take_lease() and held(row, work)


def held(row: D, work: Callable[[D], object]) -> bool:
    """Do the same with a row whose lease was taken. Let go of it at the end, whatever
    that is.
    """
    try:
        columns = [field.attname for field in row._meta.concrete_fields]
        row.refresh_from_db(fields=columns if row.get_deferred_fields() else None)
        work(row)
    except LeaseLost as error:
        logger.warning("%s", error)
        return False
    finally:
        row.free_lease()
    return True
