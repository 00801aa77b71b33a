"""The packages under clients/ from their sources, against a real web process, with its workers, shelf and scripted model."""

from __future__ import annotations

import sys

from tests.assistant.v1.conftest import model as model
from tests.assistant.v1.conftest import shelf as shelf
from tests.assistant.v1.conftest import site as site
from tests.assistant.v1.conftest import web as web
from tests.clients.places import PACKAGES

sys.path[:0] = [str(place) for place in PACKAGES]
