"""The key that champions are signed with: what AWS draws passes, and a constant that somebody could guess doesn't."""

from __future__ import annotations

import base64
import hashlib
import uuid

import pytest

from drawn import EXCLUDED, LENGTH, not_drawn
from local.provider.data_sources import SOURCES
from plain import UNKNOWN, Plain

DRAWS = 2_000


def drawn() -> str:
    source = SOURCES["aws:secretsmanager/getRandomPassword:getRandomPassword"]
    return source.answer({"passwordLength": LENGTH, "excludeCharacters": EXCLUDED}, "us-east-1")["randomPassword"]


def test_what_is_drawn_at_random_passes() -> None:
    keys = [drawn() for _ in range(DRAWS)]
    assert [not_drawn(key) for key in keys] == [""] * DRAWS


@pytest.mark.parametrize(
    "key",
    [
        *(
            "a" * 32,
            "aB3!" * 8,
            "evolution-system-prod",
            "Evolution-System-Prod-1.Evolution",
            "Prod1-" * 5 + "Pr",
            "ab12.CD34" * 3 + "ab12.",
        ),
        *("abcdefghijklmnopqrstuvwxyzABC12!", "!#$%&'()*+,-.0123456789:;<=>ABab", "Abcdefgh-12345678-ijklmnop-90qrs"),
        *("correct-horse-battery-staple-20A", "Correct-Horse-Battery-Staple-202"),
        *("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI.K7MDENG.bEXAMPLEKE", "AKIAIOSFODNN7EXAMPLEAKIAIOSFODNN"),
        *("6ba7b810-9dad-11d1-80b4-00c04fd430c8", str(uuid.UUID(int=0)), uuid.uuid5(uuid.NAMESPACE_DNS, "prod").hex),
        *(
            hashlib.sha256(b"prod").hexdigest(),
            hashlib.md5(b"prod").hexdigest(),
            base64.b64encode(hashlib.sha256(b"prod").digest()).decode(),
        ),
        *("kvGx[?vKu68UT0*Qs0%i3q[,P!n<QeE", "kvGx[?vKu68UT0*kvGx[?vKu68UT0*kv", "kvGx[?vKu68UT0 Qs0%i3q[,P!n<QeE}"),
        *("{key}", "", UNKNOWN, None, 12345678901234567890123456789012, ["kvGx[?vKu68UT0*Qs0%i3q[,P!n<QeE}"]),
    ],
)
def test_a_constant_that_somebody_could_guess_does_not(key: Plain) -> None:
    fault = not_drawn(key)
    assert fault
    assert not isinstance(key, str) or not key or key not in fault
