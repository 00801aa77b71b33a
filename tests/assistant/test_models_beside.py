"""A question that is answered by a further model of the model worker itself, real processes: what is kept names that one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.configuration import runners as configuration
from inference import registry
from tests.assistant import asking, portal
from tests.cast import House
from tests.inference import tiny_gguf, worker_process

WINDOW = 8192


def test_people_choose_it_and_the_record_names_the_model_that_was_asked(
    house: House, settings: Any, tmp_path: Path
) -> None:
    asking.shelf(house)
    usual, further = (
        tiny_gguf.write(tmp_path / f"{name}.gguf", blocks=1, window=WINDOW, says=says)
        for name, says in (("usual", b"abc. "), ("further", b"xyz. "))
    )
    with worker_process.running(usual, beside=[further], window=WINDOW, memory_mib=300) as worker:
        options = {"base_url": f"{worker.url}/v1", "api_key": worker_process.KEY}
        chat = {"BACKEND": configuration.OPENAI, "OPTIONS": options}
        settings.CHANCERY_RUNNERS = settings.CHANCERY_RUNNERS | {"chat": chat}
        settings.CHANCERY_CHATS = configuration.beside(options["base_url"], options["api_key"], [str(further)])
        for model, file in (("further", further), ("", usual)):
            row = asking.answered(house.bob, model=model)
            told = asking.end(house, row.pk)["model"]
            assert (told["name"], told["sha256"]) == (file.stem, registry.digest(file))
        assert worker.engines() == ["usual"]
        page = portal.signed_in(house, "bob").get(f"/a/{row.pk}/again").content.decode()
        assert '<option value="further"' in page
