"""A browser in which everybody is signed in, each in a window of their own, before a tenant with something of everything."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.test import override_settings

from tests.assistant.sso.hostile import Hostile
from tests.browser import stage
from tests.browser.conftest import PATIENCE_MS
from tests.browser.states import State

PLAIN = {"color_scheme": "light", "media": "screen", "reduced_motion": "no-preference", "forced_colors": "none"}


@dataclass
class Stand:
    """`windows` are pages by the name of whose they are; `reports` what the content security policy complained of."""

    made: stage.Stage
    windows: dict[str, Any] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)
    _looked_at: Any = None

    def open(self, state: State, **media: str) -> Any:
        page = self._turn_to(self.windows[state.who])
        page.unroute_all()
        page.emulate_media(**PLAIN | media)
        resize(page, state.sizes[0])
        page.goto(state.address.format(**self.made.ids))
        if state.reach:
            state.reach(page, self.made)
            page.wait_for_load_state()  # what it shows may be there before the last of its style sheets
        return page

    def _turn_to(self, page: Any) -> Any:
        """What nobody looks at would go on to draw whatever moves on it, sixty times a second."""
        if self._looked_at not in {None, page}:
            self._looked_at.emulate_media(reduced_motion="reduce")
        self._looked_at = page
        return page


def resize(page: Any, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


@contextlib.contextmanager
def standing(browser: Any, address: str) -> Iterator[Stand]:
    with contextlib.ExitStack() as ending:
        ending.enter_context(override_settings(SSO_INTERNAL_HOSTS=["127.0.0.1"]))
        idp = Hostile()
        ending.callback(idp.close)
        stand = Stand(stage.built(idp))
        for who, kept in stand.made.cookies.items():
            context = browser.new_context(base_url=address)
            ending.callback(context.close)
            context.add_cookies([{"name": name, "value": value, "url": address} for name, value in kept.items()])
            page = stand.windows[who] = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.on("request", lambda sent: stand.reports.append(sent.url) if "csp-report" in sent.url else None)
        yield stand
