"""A list of messages as OpenAI's clients send it: what is asked now, what was said before, and what the client instructs.

The last message is the question. Everything else is the caller's word too, also what it says that we said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from assistant.v1.errors import Rejected
from assistant.v1.fields import clean
from inference.prompts import Turn

MOST = 200  # messages
LONGEST = 32_000  # characters of one
LONGEST_ALL = 100_000
SPEAKERS = {"user", "assistant"}
INSTRUCTORS = {"system", "developer"}
# What an assistant's message may carry beside its text. Empty ones come back from clients that kept our own.
CALLS = ("tool_calls", "function_call", "audio")


@dataclass(frozen=True)
class Dialogue:
    """`question` is the last message; `turns` are oldest first; `instruction` is every system message, in their order."""

    question: str
    turns: tuple[Turn, ...] = ()
    instruction: str = ""


def parse(sent: Any) -> Dialogue:
    """Raises Rejected, naming the message."""
    if not isinstance(sent, list) or not sent:
        raise Rejected("messages is a list of at least one message.", "messages", "invalid_type")
    if len(sent) > MOST:
        raise Rejected(f"There are {len(sent)} messages; {MOST} is the most. Leave out the oldest.", "messages")
    said = [_message(one, f"messages[{number}]") for number, one in enumerate(sent)]
    if sum(len(text) for _, text in said) > LONGEST_ALL:
        raise Rejected(
            f"All messages together have at most {LONGEST_ALL:,} characters. Leave out the oldest.", "messages"
        )
    role, question = said[-1]
    if role != "user":
        raise Rejected(
            "The last message is the question, so its role has to be user.", f"messages[{len(said) - 1}].role"
        )
    instruction = "\n\n".join(text for role, text in said if role in INSTRUCTORS and text)
    return Dialogue(question, _turns([one for one in said[:-1] if one[0] in SPEAKERS]), instruction)


def _turns(said: list[tuple[str, str]]) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for role, text in said:
        if role == "user" or not turns:
            turns.append(Turn(text, "") if role == "user" else Turn("", text))
        else:
            before = turns[-1]
            turns[-1] = replace(before, answer=f"{before.answer}\n\n{text}" if before.answer else text)
    return tuple(turns)


def _message(one: Any, where: str) -> tuple[str, str]:
    if not isinstance(one, dict):
        raise Rejected(f"{where} is an object with role and content.", where, "invalid_type")
    role = one.get("role")
    if not isinstance(role, str) or role not in SPEAKERS | INSTRUCTORS:
        raise Rejected(
            f"{where}.role is one of user, assistant, system and developer. Tools are not supported here.",
            f"{where}.role",
        )
    for field in CALLS:
        if one.get(field):
            raise Rejected(f"{field} is not supported here.", f"{where}.{field}", "unsupported_parameter")
    text = clean(_content(one.get("content"), f"{where}.content", may_lack=role == "assistant"))
    if len(text) > LONGEST:
        raise Rejected(f"A message has at most {LONGEST:,} characters.", f"{where}.content")
    return role, text


def _content(content: Any, where: str, *, may_lack: bool) -> str:
    if isinstance(content, str):
        return content
    if content is None and may_lack:
        return ""
    if not isinstance(content, list):
        raise Rejected(f"{where} is a text, or a list of parts with type text.", where, "invalid_type")
    return "".join(_part(part, where) for part in content)


def _part(part: Any, where: str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    text = part.get(kind) if isinstance(kind, str) and kind in {"text", "refusal"} else None
    if not isinstance(text, str):
        raise Rejected(
            f"{where} holds a part that is no text. Images, sound and files are not supported here.",
            where,
            "unsupported_content",
        )
    return text
