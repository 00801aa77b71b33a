"""The same web process, workers, shelf and model as OpenAI's clients are tried against."""

from __future__ import annotations

from tests.assistant.v1.conftest import model as model
from tests.assistant.v1.conftest import shelf as shelf
from tests.assistant.v1.conftest import site as site
from tests.assistant.v1.conftest import web as web
