"""Sessions lie encrypted: for a moment they hold the secret of an app with codes that is set up."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from django.core.signing import JSONSerializer

from openrapport_web import crypto

__all__ = ["SealedSession"]

_PLACE = "session"


class SealedSession:
    """What Django's sessions are written and read with.

    A session that does not open, because the key is another one, is an empty session: its person
    signs in again.
    """

    def dumps(self, session: Any) -> bytes:
        crypto.keyring().make(crypto.PRACTICE)
        text = JSONSerializer().dumps(session).decode("latin-1")
        return b64encode(crypto.seal_text(crypto.PRACTICE, text, context=_PLACE))

    def loads(self, data: bytes) -> Any:
        text = crypto.open_text(crypto.PRACTICE, b64decode(data), context=_PLACE)
        return JSONSerializer().loads(text.encode("latin-1"))
