"""What reads strangers' files is loaded where they are read, and nowhere else."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

from ingestion.parsers.limited import child

READERS = ("pypdfium2", "pypdfium2_raw", "PIL", "cv2", "onnxruntime", "rapidocr")
ASKED = """
import sys, django
django.setup()
import assistant.urls, assistant.showing.wording, ingestion.documents.facsimiles
print(*(name for name in {readers} if name in sys.modules))
"""


def test_the_web_process_loads_nothing_that_reads_pages_or_pictures() -> None:
    argv = [sys.executable, "-c", ASKED.format(readers=READERS)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == []


def test_every_kind_of_limited_process_names_modules_that_there_are() -> None:
    named = {f"ingestion.parsers.{module}" for kind in child.KINDS.values() for module in kind.modules}
    assert {name for name in named if importlib.util.find_spec(name) is None} == set()
