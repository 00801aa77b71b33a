"""One question about a text, put to a chat model, and its yes or no."""

from __future__ import annotations

import re
import secrets
import threading
import uuid

from governance.policy.detectors.judge import Opinion
from inference import prompts, runners
from inference.runners.base import ChatRequest

LONGEST_ANSWER = 8  # tokens: one word, and what a model may put around it
SHARE = "content-policy"  # in a tenant, one turn in the queue for all that is asked like this
_WORD = re.compile(r"[^\W\d_]+")
_WORDS = {"yes": True, "no": False}


class UnclearAnswer(Exception):
    """Neither yes nor no."""


class OutsideTheHouse(Exception):
    """A model that judges is shown texts of every collection, restricted ones too: it stands on a machine of the house."""


def ask(question: str, text: str, within_s: float, tenant: uuid.UUID | None = None) -> Opinion:
    """`tenant` is whose text it is: no other tenant's waits behind it.

    Raises OutsideTheHouse, TimeoutError, UnclearAnswer, and what the runner raises.
    """
    runner = runners.judge()
    if not runner.is_in_house:
        raise OutsideTheHouse
    model = runner.probe().model
    # Nobody shares it: how long the reading takes would tell what other tenants had judged.
    own, share = secrets.token_hex(16), f"{tenant or ''}/{SHARE}"
    messages = prompts.judge(question, text).messages
    request = ChatRequest(messages, LONGEST_ANSWER, share=share, cache=own, is_kept=False)
    with runner.stream(request) as handle:
        late = threading.Timer(max(within_s, 0.0), handle.cancel)
        late.start()
        try:
            said = "".join(delta.text for delta in handle)
        finally:
            late.cancel()
        if handle.is_cancelled:
            raise TimeoutError
    return Opinion(model, _understood(said))


def _understood(said: str) -> bool:
    first = _WORD.search(said)
    if first is None or first[0].lower() not in _WORDS:
        raise UnclearAnswer
    return _WORDS[first[0].lower()]
