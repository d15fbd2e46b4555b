"""What Postgres refuses, in words for people; none of it is worth a retry."""

from __future__ import annotations

import psycopg
from psycopg import errors

from taxi_assets.errors import TaxiError

_OF_OTHERS = "Something that others have made on the table is in the way."
_ADVICE: dict[type[psycopg.Error], str] = {
    errors.InsufficientPrivilege: (
        "Grant the user USAGE and CREATE on the schema; tables that another role has made must belong to this one "
        "(ALTER TABLE … OWNER TO)."
    ),
    errors.ReadOnlySqlTransaction: (
        "The database is read-only: a standby, or default_transaction_read_only is set. Point the URL at the primary; "
        "where it names several hosts, add target_session_attrs=read-write."
    ),
    errors.DiskFull: "Make room on the disk of the server.",
    errors.DependentObjectsStillExist: f"{_OF_OTHERS} Drop it, or make it on the dataset's table instead.",
    errors.ForeignKeyViolation: f"{_OF_OTHERS} Drop the foreign key, or the rows that use it.",
    errors.NotNullViolation: f"{_OF_OTHERS} Drop the NOT NULL, or give the column a default.",
    errors.FeatureNotSupported: _OF_OTHERS,
    errors.InvalidTableDefinition: _OF_OTHERS,
    errors.InvalidObjectDefinition: _OF_OTHERS,
    errors.ObjectNotInPrerequisiteState: _OF_OTHERS,
    errors.WrongObjectType: _OF_OTHERS,
    errors.DatatypeMismatch: _OF_OTHERS,
}
REFUSALS = tuple(_ADVICE)
"""The errors that `refusal` puts in words."""


def refusal(error: psycopg.Error) -> TaxiError:
    """The error for one of REFUSALS, with what the server says of it."""
    advice = next(advice for kind, advice in _ADVICE.items() if isinstance(error, kind))
    return TaxiError(f"Postgres: {said(error)}.", f"{advice} Nothing was changed.")


def said(error: psycopg.Error) -> str:
    """What the server says of an error, its detail included, in one line without a full stop."""
    texts = (error.diag.message_primary or str(error), error.diag.message_detail)
    return ". ".join(" ".join(text.rstrip(".").split("\n")) for text in texts if text)
