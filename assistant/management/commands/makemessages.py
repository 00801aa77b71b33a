"""`manage.py makemessages -l de`: the catalogue of what people read, from the templates, the views and the services.

Services write English and mark nothing: what an error is raised with is a message. So xgettext is told which calls hold one.
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands import makemessages

# name, and which of its arguments is read by people.
HOLDERS = (
    *(
        f"{error}:1"
        for error in (
            "Busy",
            "Changed",
            "Conflict",
            "FixturesFail",
            "Forbidden",
            "InvalidInput",
            "KeyReused",
            "NotFound",
            "NotVisible",
            "NotSignedIn",
            "PolicyDamaged",
            "RecordUnavailable",
            "SecondPersonNeeded",
            "SecondOfficerNeeded",
            "TooLarge",
            "Taken",
            "Unavailable",
            "Unexpected",
            "Unexpected",
            "Unreachable",
            "UnderWay",
            "Unsupported",
        )
    ),
    "ParseFailed:2",
    "Rule:6",
    "unseen:4",
    "phrase:1",
    "sentence:1",
    # Django's own functions under the names they have here.
    "lazy:1",
    "noop:1",
    "told:1",
)


# What programs, operators at a terminal and the logs read stays English.
ENGLISH = (
    "assistant/api/*",
    "assistant/benchmark/*",
    "assistant/demo/*",
    "assistant/embedding.py",
    "assistant/local/*",
    "assistant/mcp/*",
    "assistant/scim/*",
    "assistant/v1/*",
    "clients/*",
    "inference/quantising.py",
    "inference/registry.py",
    "inference/runners/*",
    "inference/shapes.py",
    "inference/sources.py",
    "inference/worker/*",
    "*/management/*",
    "bench/*",
    "tests/*",
    "var/*",
)


class Command(makemessages.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        self.xgettext_options = makemessages.Command.xgettext_options + [f"--keyword={holder}" for holder in HOLDERS]
        options["ignore_patterns"] += ENGLISH
        # A line that moves is no change of the catalogue.
        options |= {"no_wrap": True, "add_location": "file"}
        super().handle(*args, **options)
