"""What every event says, whatever it tells of."""

from __future__ import annotations

from governance.audit.fields.kinds import Field

LEAF = (
    Field("v", "the format of the leaf", "", "metadata.log_version"),
    Field("id", "of the event; a receiver that has seen it has seen the event", "", "metadata.uid"),
    Field("tenant", "the organisation; only zeros for the installation's own log", "", "metadata.tenant_uid"),
    Field("at", "when it happened, by the clock of the process that says so", "", "time"),
    Field("accepted.at", "when Postgres took it, by its clock", "", "metadata.logged_time"),
    Field("accepted.writer", "the database connection that wrote it", "", "unmapped.accepted.writer"),
    Field("accepted.number", "counts the writer's events without a gap", "", "unmapped.accepted.number"),
    Field("action", "what happened: an event of this table", "event.name", "metadata.event_code"),
    Field("actor.kind", "person, service, system, directory, operator, support, or unknown", "", "actor.user.type"),
    Field("actor.id", "who, as a pseudonym: names and addresses are in the words", "enduser.pseudo.id", "actor.user.uid"),
    Field("actor.key", "the API key that was used", "", "actor.user.credential_uid"),
    Field("actor.service", "the service account that acted for the person", "", "actor.invoked_by"),
    Field("roles", "the actor's roles, as evaluated for this", "enduser.role", "unmapped.roles"),
    Field("groups", "the actor's groups, as evaluated for this", "", "actor.user.groups[].uid"),
    Field("session", "a hash of the browser's session; its key does not follow from it", "session.id", "actor.session.uid"),
    Field("client", "what was spoken to: portal, api, openai, mcp, scim; empty for background work", "", "src_endpoint.name"),
    Field("request", "the request's id, as the response carries it", "", "metadata.correlation_uid"),
    Field("interaction", "the question, and all that came of it", "gen_ai.response.id", "unmapped.interaction"),
    Field("resource.kind", "what kind of thing it was done to", "", "entity.type"),
    Field("resource.id", "what it was done to", "", "entity.uid"),
    Field("facts", "what else stands in clear, by event, below", "", "unmapped.facts"),
    Field("payload.subject", "whose key the words are encrypted under", "", "unmapped.payload.subject"),
    Field("payload.sha256", "of the encrypted words", "", "unmapped.payload.sha256"),
    Field("payload.commitment", "SHA-256 of a salt and the words; the salt ends with the key", "", "unmapped.payload.commitment"),
)  # fmt: skip
