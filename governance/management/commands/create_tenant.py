"""manage.py create_tenant: for operators."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import people, tenants
from governance.errors import ChanceryError
from governance.roles import Role
from governance.scope import Scope


class Command(BaseCommand):
    help = "Create a tenant and its first admin; the admin's password is asked for."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="short name, as in /t/<slug>/")
        parser.add_argument("name")
        parser.add_argument("--domain", default="", help="e-mail domain whose people find this tenant by themselves")
        parser.add_argument("--admin", required=True, help="e-mail address of the first admin")

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass.getpass("Password of the admin (12 characters or more): ")
        if len(password) < 12:
            raise CommandError("The password is shorter than 12 characters.")
        try:
            tenant = tenants.create(options["slug"], options["name"], domain=options["domain"])
            admin = options["admin"]
            people.create(Scope.system(tenant), admin, admin, password=password, roles=[Role.TENANT_ADMIN])
        except ChanceryError as fault:
            raise CommandError(fault.message) from None
        self.stdout.write(f"{options['slug']}: created; {admin} signs in at /t/{options['slug']}/")
