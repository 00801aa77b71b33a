"""The pages of services, directories, roles and access explained, in their states."""

from __future__ import annotations

from governance import custom_roles, grants
from governance.identity.directories import registry
from governance.service_accounts import accounts, service_keys
from tests.browser import stage
from tests.browser.states import State, send

PAGES: list[State] = [
    State("services", "empty", "bare ada", "/services/"),
    State("services", "full", "ada", "/services/"),
    State("services", "refused", "ada", "/services/", send("main form[action$='/services/']", name="")),
    State("service", "with a key", "ada", "/services/{service}"),
    State("provisioning", "empty", "bare ada", "/settings/sign-in/provisioning"),
    State("provisioning", "full", "ada", "/settings/sign-in/provisioning"),
    State("directory", "nothing has come", "ada", "/settings/sign-in/provisioning/{directory}"),
    State("roles", "empty", "bare ada", "/access/roles"),
    State("roles", "full", "ada", "/access/roles"),
    State("role", "with a holder", "ada", "/access/roles/{role}"),
    State("access-table", "full", "ada", "/access/table"),
    State("access-table", "nothing matches", "ada", "/access/table?person={nobodys}"),
    State("access-why", "to ask", "ada", "/access/why"),
    State("access-why", "why", "ada", "/access/why?person={person}&collection={papers}&action=collection.read"),
    State("access-why", "of oneself", "bob", "/access/why"),
]  # fmt: skip


def build(made: stage.Stage) -> None:
    house, ids = made.house, made.ids
    ids["role"] = custom_roles.create(house.ada, "Librarian", ["collection.see"])
    custom_roles.give(house.ada, ids["role"], grants.Holder(person=house.ids["bob"]))
    ids["service"] = accounts.create(house.ada, accounts.Draft("Ticket desk", "Answers tickets.", house.ids["ada"]))
    service_keys.issue(house.ada, ids["service"], "Tickets", ["ask"])
    ids["directory"] = registry.create(house.ada, "Entra ID")
    registry.issue(house.ada, ids["directory"], 90)
