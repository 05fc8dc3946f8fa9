"""What an authenticator app computes (RFC 6238), so that tests can type it."""

from __future__ import annotations

import base64
import hmac
import struct
import time

__all__ = ["code_of"]


def code_of(secret: str, *, steps: int = 0) -> str:
    """The six digits for a secret, now or some steps of 30 s away."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    mac = hmac.new(base64.b32decode(secret), counter, "sha1").digest()
    start = mac[-1] & 0xF
    return f"{(struct.unpack('>I', mac[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"
