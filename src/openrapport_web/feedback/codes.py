"""The short code on a sheet of paper: the end of a form's key, with a digit that notices a slip."""

from __future__ import annotations

from uuid import UUID

__all__ = ["code_of", "key_ending"]

# Without letters that look like digits, or like each other.
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH, _CHECK = 7, 7
_LOOKS_LIKE = str.maketrans("OILU", "011V")


def code_of(key: UUID) -> str:
    """Give the code of a form.

    Returns
    -------
    code : str
        Seven signs, such as ``"4F9-K2QX"``.
    """
    number = key.int & 0xFFFF_FFFF
    number = number << 3 | number % _CHECK
    signs = "".join(_SIGNS[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
    return f"{signs[:3]}-{signs[3:]}"


def key_ending(code: str) -> str | None:
    """The last eight hexadecimal digits of the key that a code belongs to.

    Returns
    -------
    ending : str or None
        None where the code has a slip in it.
    """
    signs = code.upper().replace("-", "").translate(_LOOKS_LIKE)
    if len(signs) != _LENGTH or not set(signs) <= set(_SIGNS):
        return None
    number = 0
    for sign in signs:
        number = number << 5 | _SIGNS.index(sign)
    ending, check = number >> 3, number & 7
    return f"{ending:08x}" if ending % _CHECK == check else None
