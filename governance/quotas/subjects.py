"""Whose limit and whose use, in SQL: said once for every statement that asks."""

from __future__ import annotations

# Of an allowance `a`: the kind and the id of whose limit it is.
OF_A_LIMIT = """
        CASE WHEN a.key_id IS NOT NULL THEN 'key' WHEN a.group_id IS NOT NULL THEN 'group'
             WHEN a.person_id IS NOT NULL THEN 'person' WHEN a.model <> '' THEN 'model' ELSE 'tenant' END AS kind,
        coalesce(a.key_id::text, a.group_id::text, a.person_id::text, a.model) AS subject"""


def named(row: str) -> tuple[str, str]:
    """(name, joins) of a row with tenant_id, kind and subject: a person's, a group's or a key's name, else the subject itself."""
    joins = f"""
LEFT JOIN person p ON {row}.kind = 'person' AND p.tenant_id = {row}.tenant_id AND p.id::text = {row}.subject
LEFT JOIN "group" g ON {row}.kind = 'group' AND g.tenant_id = {row}.tenant_id AND g.id::text = {row}.subject
LEFT JOIN api_key k ON {row}.kind = 'key' AND k.tenant_id = {row}.tenant_id AND k.id::text = {row}.subject"""
    return f"coalesce(p.name, g.name, k.name, {row}.subject)", joins


def measured(of: str, prefix: str = "") -> str:
    """What the measure of a limit `l` counts of a row of sums."""
    tokens, ms, nanos = (f"{of}.{prefix}{name}" for name in ("tokens", "ms", "nanos"))
    return f"CASE l.measure WHEN 'tokens' THEN {tokens} WHEN 'seconds' THEN {ms} ELSE {nanos} END"
