"""What others have made on a month's own table, which is dropped when the month is loaded again.

Nothing of theirs is dropped with it: what they granted is granted on the new table, and all else is refused by name.
What they make on the dataset's table stays, for that table is never dropped.
"""

from __future__ import annotations

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from taxi_assets.errors import TaxiError

_DEPENDENTS = """
WITH old AS (SELECT %s::regclass::oid AS oid)
SELECT CASE WHEN r.oid IS NULL THEN pg_describe_object(d.classid, d.objid, d.objsubid)
            ELSE pg_describe_object('pg_class'::regclass, r.ev_class, 0) END
  FROM old JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = old.oid AND d.deptype = 'n'
       AND d.classid <> 'pg_attrdef'::regclass
  LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
  LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
 WHERE coalesce(k.conparentid, 0) = 0 AND k.conrelid IS DISTINCT FROM old.oid
UNION SELECT pg_describe_object('pg_trigger'::regclass, t.oid, 0)
  FROM old JOIN pg_trigger t ON t.tgrelid = old.oid WHERE NOT t.tgisinternal AND t.tgparentid = 0
UNION SELECT pg_describe_object('pg_policy'::regclass, p.oid, 0) FROM old JOIN pg_policy p ON p.polrelid = old.oid
UNION SELECT 'row-level security' FROM old JOIN pg_class c ON c.oid = old.oid WHERE c.relrowsecurity
UNION SELECT 'publication ' || quote_ident(b.pubname)
  FROM old JOIN pg_publication_rel m ON m.prrelid = old.oid JOIN pg_publication b ON b.oid = m.prpubid
ORDER BY 1"""
_GRANTS = """
SELECT a.privilege_type, r.rolname, a.is_grantable
  FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
 WHERE c.oid = %s::regclass AND a.grantee <> c.relowner"""


def refuse_dependents(connection: psycopg.Connection, partition: Identifier, table: Identifier) -> None:
    """Raises TaxiError when something of others would be lost with the month's table `partition` of `table`."""
    found = [str(row[0]) for row in connection.execute(_DEPENDENTS, (partition.as_string(),))]
    if found:
        month, trips = partition.as_string(), table.as_string()
        raise TaxiError(
            f"Postgres cannot replace the table {month}, as others have made on it: {', '.join(found)}.",
            f"Make it on {trips} instead, where a condition on trip_month chooses the month; or drop it. "
            "Nothing was changed.",
        )


def grants_again(connection: psycopg.Connection, table: Identifier) -> list[Composed]:
    """The statements that grant what is granted on a table, for when another one has taken its name."""
    return [
        SQL("GRANT {} ON {} TO {}{}").format(
            SQL(privilege),
            table,
            SQL("PUBLIC") if role is None else Identifier(role),
            SQL(" WITH GRANT OPTION" if grantable else ""),
        )
        for privilege, role, grantable in connection.execute(_GRANTS, (table.as_string(),))
    ]
