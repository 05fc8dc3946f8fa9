"""Names of people who do not exist.

First names come from many languages. Family names are things, so that nobody takes a fictional
person for a real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from string import ascii_uppercase

import numpy as np

__all__ = ["fictional_names", "goal_texts", "mail_addresses"]

_FIRST = """
Ada Adaeze Agnieszka Aiko Alejandro Amara Anouk Aroha Astrid Ayasha Babak Bao Beatriz Bjorn Callum
Chidi Chloe Dalia Daniela Devi Dmitri Eero Eilidh Elif Emeka Esther Farid Fatima Freya Gwen Hana
Hassan Hilde Imani Ines Ishaan Ivo Jamal Jiro Kaan Kalani Keisha Kofi Lars Leilani Linh Luca Maeve
Mateo Mei Mira Nadia Ngozi Nikau Noa Odile Omar Pavel Priya Rafael Ravi Rosa Ruth Samir Saoirse
Sefa Sione Soren Suda Tariq Thandi Tomasz Umar Vera Wanjiru Xiu Yael Yusuf Zofia Zuri
""".split()

_FAMILY = """
Acornbridge Amberlamp Applecart Bellwhistle Birdbath Bluebucket Breadbasket Buttercloud Candlewick
Chalkboard Cloudberry Coatpocket Copperkettle Daisychain Doorbell Driftpebble Eggtimer Fernwhisper
Fiddlestick Flowerpot Foghorn Gatepost Gingerjar Gooseberry Halfmoon Hatstand Honeyspoon Inkbottle
Jamjar Kitestring Ladderback Lampshade Lanternfish Lemonpeel Lighthouse Marblecake Marmalade
Mittenmoor Moonpaper Mossbank Mustardseed Nightbus Nutmeg Oatfield Orangepip Paperboat Papercrane
Peppermill Picnicrug Pinecone Plumstone Puddlejump Quillfeather Quincewood Raincoat Ribbonbox
Rosehip Saltcellar Sandcastle Seashell Shoelace Snowglobe Songbook Spindletop Stirrup
Sunhat Teaspoon Thimble Thistledown Toffeetin Treehouse Tugboat Umberleaf Velvetchair Walnutshell
Wateringcan Windowsill Wishbone Woollensock Yarnbasket Zigzag
""".split()

_GOALS = (
    "Sleep through most nights",
    "Say no at work without feeling ill about it",
    "Ring my sister again",
    "Leave the house on my own three times a week",
    "Stop going over the same conversation at night",
    "Be less short with the children",
    "Find out what I want, not what is expected",
    "Drive on the motorway again",
    "Be able to be at home alone in the evening",
    "Talk about my father without going numb",
    "Eat lunch with the others",
    "Play music again, even badly",
    "Decide whether to stay in my job",
    "Worry for one hour a day instead of all day",
    "Let somebody help me",
    "Go back to my classes",
    "Feel at home in this town",
    "Get through the anniversary",
)


def fictional_names(n: int, *, rng: np.random.Generator) -> tuple[str, ...]:
    """Draw names, all different.

    Parameters
    ----------
    n : int
        How many, >= 0.
    rng : numpy.random.Generator
        Where the order comes from.

    Returns
    -------
    names : tuple of str, length n
        First and family name; first names repeat only when all have been used. When all pairs are
        used up, a letter or more stands between the two.
    """
    first = [_FIRST[i] for i in rng.permutation(len(_FIRST))]
    family = [_FAMILY[i] for i in rng.permutation(len(_FAMILY))]
    # Each round shifts the family names by one, so that a pair comes only once.
    pairs = [
        (name, family[(i + shift) % len(family)])
        for shift in range(len(family))
        for i, name in enumerate(first)
    ]
    return tuple(
        islice(
            (f"{one} {middle}{other}" for middle in _middles() for one, other in pairs),
            n,
        )
    )


def _middles() -> Iterator[str]:
    yield ""
    length = 1
    while True:
        for letters in product(ascii_uppercase, repeat=length):
            yield " ".join(f"{letter}." for letter in letters) + " "
        length += 1


def mail_addresses(names: tuple[str, ...]) -> tuple[str, ...]:
    """Make an address for each name, at a domain that belongs to nobody (RFC 2606).

    Parameters
    ----------
    names : tuple of str
        As ``fictional_names`` gives them.

    Returns
    -------
    addresses : tuple of str
        All different where the names are.
    """
    return tuple(f"{name.lower().replace('. ', '.').replace(' ', '.')}@example.org" for name in names)


def goal_texts() -> tuple[str, ...]:
    """List what fictional clients want.

    Returns
    -------
    texts : tuple of str
        In a client's words.
    """
    return _GOALS
