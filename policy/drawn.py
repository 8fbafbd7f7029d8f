"""Whether a key can be one that AWS draws at random, as components/security.py has Secrets Manager do: a constant mustn't pass for one.

A policy pack isn't told where a value comes from that a data source gives: so it is told by its form. What no form tells is a constant that
somebody else has drawn; that the program takes what AWS draws, tests/components/test_layers.py holds.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from itertools import pairwise

from plain import Plain

LENGTH = 32
"""Characters, as many as the program has AWS draw."""

KINDS = (string.ascii_uppercase, string.ascii_lowercase, string.digits, string.punctuation)
"""AWS draws at least one of each. Source: Secrets Manager API reference, GetRandomPassword, RequireEachIncludedType."""

EXCLUDED = '"@/\\'
"""Characters that the program has AWS leave out."""

FEWEST = 16
"""Different characters: of 32 out of 90 there are fewer once in 10^9 draws."""

MOST_ALIKE = 21
"""Characters that follow one of their own kind: words have more. In what is drawn there are more once in a million."""

WORDS = re.compile(
    "evolution|system|safety|champion|signing|secret|passw|valid|example|sample|change|qwert|staging|correct|battery", re.IGNORECASE
)
"""What people write where a key is wanted, and documents show. One of them is drawn once in 10^6."""

PIECE = 6
"""Characters that stand in it twice once in 10^9 draws: in a word that is repeated they do."""

FEWEST_STEPS = 16
"""Different distances from one character to the next: of 31 there are fewer once in 10^9 draws, and in `abcdef` there is one."""


def not_drawn(key: Plain) -> str:
    """What tells that a key isn't drawn at random, as it follows the key's name in a sentence; empty where nothing does."""
    if not isinstance(key, str):
        return "is no text"
    if len(key) != LENGTH:
        return f"hasn't {LENGTH} characters, as many as are drawn"
    if len(set(key)) < FEWEST:
        return f"has fewer than {FEWEST} different characters"
    if any(one in EXCLUDED or not any(one in kind for kind in KINDS) for one in key):
        return "has characters that are never drawn"
    if not all(any(one in kind for one in key) for kind in KINDS):
        return "lacks capitals, small letters, digits or punctuation, of which each is drawn"
    kinds = [next(index for index, kind in enumerate(KINDS) if one in kind) for one in key]
    if sum(one == other for one, other in pairwise(kinds)) > MOST_ALIKE or WORDS.search(key):
        return "is made of words"
    if len({ord(other) - ord(one) for one, other in pairwise(key)}) < FEWEST_STEPS:
        return "follows a pattern"
    pieces = Counter(key[start : start + PIECE] for start in range(len(key) - PIECE + 1))
    return "repeats itself" if max(pieces.values()) > 1 else ""
