"""One model of llama-cpp-python, asked by one thread: a prompt in tokens in, pieces of text out.

What `Llama.create_chat_completion` does around `Llama.generate` is done here instead: it reads all of an answer's tokens
anew for each one, cannot be stopped while a prompt is read, tells no usage while it streams, and garbles a token of
more than 32 bytes, which long runs of spaces are.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Iterator
from pathlib import Path

import llama_cpp
from jinja2 import TemplateError
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from governance.errors import InvalidInput
from inference.worker.engines.answers import Ask, End, Settling, Stop
from inference.worker.engines.base import CHUNK

BATCH = CHUNK + 1  # tokens read in one step; the same as xllamacpp's with one slot
LONGEST_PIECE = 1024  # bytes of one token
TEMPLATE = "tokenizer.chat_template"
# `bool (*)(void *)`, which llama.cpp asks between any two steps of a computation, from its own threads. A Python function
# would take the interpreter's lock there, a thousand times a token; the length of a C string is as good an answer.
IS_STOPPED = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)


class Writer:
    """Of one sequence. What it has read last is kept, and a prompt of the same key that begins alike is read on from there."""

    def __init__(self, llama: llama_cpp.Llama) -> None:
        self.llama, self.window = llama, llama.n_ctx()
        self.vocabulary = llama_cpp.llama_model_get_vocab(llama.model)
        self.first = self._word(llama.token_bos())
        self.template = Jinja2ChatFormatter(llama.metadata[TEMPLATE], self._word(llama.token_eos()), self.first)
        self._stop = Stop()  # held here as long as C may look at it
        self._key = ""

    @classmethod
    def load(cls, model_file: Path, *, threads: int, window: int) -> Writer:
        """Raises InvalidInput where the file is no model, or has no template to ask it with."""
        try:
            llama = llama_cpp.Llama(
                str(model_file),
                n_ctx=window,
                n_batch=BATCH,
                n_ubatch=BATCH,
                n_threads=threads,
                n_threads_batch=threads,
                flash_attn=True,  # as llama-server decides by itself on a CPU
                verbose=False,
            )
        except ValueError as fault:
            raise InvalidInput(f"{model_file.name} cannot be loaded: {fault}") from None
        if TEMPLATE not in llama.metadata:
            raise InvalidInput(f"{model_file.name} carries no chat template.")
        return cls(llama)

    def tokens(self, text: str) -> list[int]:
        return list(self.llama.tokenize(text.encode(errors="replace"), add_bos=False, special=True))

    def prompt(self, ask: Ask) -> list[int]:
        try:
            text = self.template(messages=list(ask.messages)).prompt
        except (TemplateError, ValueError) as fault:
            raise InvalidInput(f"The model's chat template refuses these messages: {fault}.") from None
        opens_itself = bool(self.first) and text.startswith(self.first)
        return list(self.llama.tokenize(text.encode(errors="replace"), add_bos=not opens_itself, special=True))

    def write(self, prompt: list[int], ask: Ask, stop: Stop) -> Iterator[str | End]:
        room = self.window - len(prompt)
        most = room if ask.most is None else min(ask.most, room)
        cached = min(self._known(prompt, ask.key), len(prompt) - 1)
        settling, count, finish = Settling(ask.stop), 0, "length"
        for token in self._sampled(prompt, ask, stop) if most else ():
            count += 1
            if llama_cpp.llama_vocab_is_eog(self.vocabulary, token):
                finish = "stop"
                break
            if text := settling.add(self._piece(token)):
                yield text
            if settling.is_stopped or count == most:
                break
        if stop.is_set:
            return
        if settling.is_stopped:
            finish = "stop"
        elif text := settling.add(b"", is_last=True):
            yield text
        yield End(finish, len(prompt), count, cached)

    def _sampled(self, prompt: list[int], ask: Ask, stop: Stop) -> Iterator[int]:
        self._stop = stop
        llama_cpp.llama_set_abort_callback(self.llama.ctx, IS_STOPPED, ctypes.cast(stop.flag, ctypes.c_void_p))
        self.llama.set_seed(random.SystemRandom().getrandbits(32) if ask.seed is None else ask.seed)
        try:
            for token in self.llama.generate(prompt, **ask.sampling):
                if stop.is_set:
                    return
                yield int(token)
        except RuntimeError:
            # The step was broken off. What the last whole one left to sample from is gone with it: one token fewer is
            # known, so that the same prompt is not taken for read.
            self.llama.n_tokens = max(0, self.llama.n_tokens - 1)
            if not stop.is_set:
                raise

    def _known(self, prompt: list[int], key: str) -> int:
        """Tokens at its beginning that need not be read again. What another key has left behind is forgotten."""
        if key != self._key:
            self.llama.reset()
            self._key = key
        return int(self.llama.longest_token_prefix(self.llama.input_ids[: self.llama.n_tokens].tolist(), prompt))

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(LONGEST_PIECE)
        length = llama_cpp.llama_token_to_piece(self.vocabulary, token, buffer, LONGEST_PIECE, 0, False)
        return buffer.raw[: max(0, length)]

    def _word(self, token: int) -> str:
        """A special token as a template writes it."""
        told: bytes = llama_cpp.llama_vocab_get_text(self.vocabulary, token) if token >= 0 else b""
        return told.decode(errors="replace")
