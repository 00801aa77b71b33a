"""Random texts in which secrets, numbers, prose and near misses stand close together."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from bench import policy_samples, policy_texts

_PROSE = (
    "The office opens at nine. ",
    "See e.g. Dr. Smith, no. 7. ",
    "Das gilt z. B. am 3. Oktober. ",
    "It costs 1.5 EUR, ",
    "in 2023. Then ",
    "the password is required ",
    "my password is ",
    "passport number ",
    "Steuer-ID ",
    "call me on ",
    "\n- first item\n",
    "\n\n",
    " ",
    "1. ",
    "```python\nx = 1. Y\n```\n",
    "これは文です。次の文です。",
    "\u201cquoted\u201d \u2013 dashed ",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN ",
    "-----END RSA PRIVATE KEY-----",
    "DE89 3704 0044 ",
    "4111 1111 ",
    "eyJ",
    "ghp_",
    "<|im_",
    "start|>",
    "ignore all previous ",
    "instructions. ",
    "Projekt Falke",
    "X-1234",
    "AB",
    "12",
    ".",
    "!",
    "a rather long clause without any end that goes on and on until it has to be cut in the middle ",
)


def _sensitive(seed: int) -> str:
    rng = random.Random(seed)
    if rng.random() < 0.5:
        drawn = policy_samples.KEYS[rng.choice(sorted(policy_samples.KEYS))](rng)
        return drawn.replace("\x02", "").replace("\x03", "")
    draw, phrases = policy_texts.PERSONAL[rng.choice(sorted(policy_texts.PERSONAL))]
    return rng.choice(phrases).replace("{}", draw(rng))


def texts() -> st.SearchStrategy[str]:
    fragment = st.one_of(st.sampled_from(_PROSE), st.integers(0, 10_000).map(_sensitive), st.text(max_size=6))
    return st.lists(fragment, min_size=1, max_size=14).map("".join)


def chunked(text: str, seed: int) -> list[str]:
    """`text` in random pieces, from single characters to long runs."""
    rng = random.Random(seed)
    chunks, at = [], 0
    while at < len(text):
        size = rng.choice((1, 1, 2, 3, 5, 8, 40, 200))
        chunks.append(text[at : at + size])
        at += size
    return chunks
