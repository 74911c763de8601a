"""What colour the thing in the middle of a picture has, in words that people use.

The one idea: each name stands on a few well-known colours, and a pixel gets the name of the nearest of them in CIE
Lab, where distance is close to what an eye calls difference (CIE 15:2004). The known colours are facts of two lists:
the XKCD colour survey (R. Munroe 2010, 222,500 people, https://xkcd.com/color/rgb.txt, CC0) and the CSS named colours
(https://www.w3.org/TR/css-color-4/#named-colors).

What is the thing? What differs from the picture's edge, most of all near the middle. The lower edge does not count: an
arm comes from there. If nothing differs, the middle is taken as it is.

A camera balances white by itself, and no picture can say whether it did so well. If everything, the light parts most of
all, has one tint and nothing is neutral, it is the light as likely as the things: `tinted` tells.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.events import Colour

Picture = NDArray[np.uint8]
Lab = NDArray[np.float32]

# name: (family, known colours that it stands on). Members of one family are shades of one thing, and are told as one.
NAMES: dict[str, tuple[str, str]] = {
    "white": ("white", "ffffff f5f5f5 fffafa fffff0 f0f0f0"),
    "light grey": ("white", "d3d3d3 c5c9c7 c0c0c0"),
    "grey": ("grey", "929591 808080 a9a9a9 708090 778899 6f828a 59656d 86775f 696969"),
    "dark grey": ("black", "363737 343837 4d4d4d 2f4f4f"),
    "black": ("black", "000000 141414 1f1f1f"),
    "red": ("red", "e50000 ff0000 dc143c be0119 ff000d b22222 c44240 d3494e bb3f3f f7022a f4320c"),
    "dark red": ("red", "840000 8b0000 9a0200 980002 8f1402 800000 650021 610023 7b0323 8c000f"),
    "orange": ("orange", "f97306 ffa500 ff8c00 ff5b00 e17701 ff9408 d8863b fdaa48 cb7723 ff7f50 fd411e"),
    "light orange": ("orange", "ffb07c ffb16d ffa756 ffdab9 f4a460"),
    "brown": ("brown", "653700 8b4513 7f5112 a0522d 7f2b0a 9c6d57 735c12 a03623 a9561e 836539 985e2b b66325 a83c09"),
    "dark brown": ("brown", "341c02 3d1c02 411900 4a2c17"),
    "light brown": ("brown", "ad8150 b1916e af884a c69f59 cd853f a6814c bc8f8f"),
    "beige": ("beige", "e6daa6 d1b26f d2b48c f5f5dc f5deb3 b9a281 deb887 faebd7 e2ca76 ffe4c4"),
    "yellow": ("yellow", "ffff14 ffff00 ffd700 fffd01 fac205 fdff52 fec615 dbb40c f4d054 eedc5b"),
    "light yellow": ("yellow", "fffe7a ffff84 fffacd fffe71 ffffc2 ffffe0"),
    "dark yellow": ("yellow", "d5b60a bf9005 ceb301 b8860b c69c04 d5ab09"),
    "yellow-green": ("green", "c0fb2d adff2f 9acd32 aaff32 b0dd16 89fe05 7fff00"),
    "green": ("green", "15b01a 008000 228b22 32cd32 01ff07 02ab2e 3f9b0b 39ad48 2e8b57 3cb371 6fc276 5fa052 00ff00"),
    "light green": ("green", "96f97b 90ee90 98fb98 c7fdb5 b0ff9d 9ffeb0 8fbc8f 76cd26"),
    "dark green": ("green", "033500 006400 06470c 154406 05472a 02590f 287c37 2b5d34 05480d"),
    "olive green": ("green", "6e750e 808000 677a04 556b2f 6b8e23 4b5d16 667c3e 769958 87ae73"),
    "turquoise": ("turquoise", "06c2ac 40e0d0 13eac9 48d1cc 00ced1 04d8b2 20b2aa 00ffff 7fffd4 1fa774"),
    "dark turquoise": ("turquoise", "029386 008080 014d4e 008b8b 005249 045c5a"),
    "light blue": ("blue", "95d0fc add8e6 87ceeb 75bbfd a2cffe 82cafc b1d1fc 6488ea 6495ed b0c4de"),
    "blue": ("blue", "0343df 0000ff 4169e1 0165fc 2c6fbb 276ab3 1e90ff 4682b4 3b5b92 069af3 0485d1 5a7d9a 0504aa"),
    "dark blue": ("blue", "00035b 00008b 040273 1e488f 014182 004577"),
    "navy": ("blue", "01153e 001146 000048 191970 042e60"),
    "purple": ("purple", "7e1e9c 800080 9a0eea 8a2be2 663399 9932cc 9e43a2 6140ef 7b68ee 5539cc 84597e"),
    "light purple": ("purple", "bf77f6 c79fef cea2fd b790d4 dda0dd 9370db d8bfd8 caa0ff e6e6fa 8e82fe"),
    "dark purple": ("purple", "35063e 4b0082 380282 36013f 380835 4b006e 580f41"),
    "pink": ("pink", "ff81c0 ff69b4 ff796c ff1493 fa8072 cf6275 d58a94 fe46a5 db7093 f7879a"),
    "light pink": ("pink", "ffd1df ffc0cb ffb6c1 ffb7ce fdb0c0 ffe4e1"),
    "dark pink": ("pink", "cb416b c71585 cb0162 c20078 b5485d ff00ff ed0dd9"),
}
_NAMES = tuple(NAMES)

WIDTH_PX = 128
MAX_HEIGHT_PX = 512
BITS = 5  # a channel in the table of all colours: 32,768 entries
NEUTRAL_CHROMA = 9.0  # less is white, grey or black: the white balance of cameras errs by as much ...
COOL_CHROMA = 13.0  # ... and by more towards blue, where no "beige" is waiting to be told from white
L_WEIGHT = 0.7  # a shadow on a wall changes lightness more than colour


@dataclass(frozen=True, slots=True)
class ColourOptions:
    """Limits; tests/test_colours.py holds the scenes that they were tried on."""

    edge_share: float = 0.08  # of each side: what counts as the picture's edge
    edge_colour_share: float = 0.08  # of the edge: a colour with less is no background
    differs: float = 11.0  # in weighted Lab; JPEG noise on a plain wall stays below 6
    least_thing: float = 0.12  # share of the middle's weight; less is noise, and the middle is taken as it is
    spread: float = 0.22  # of each side: how fast the weight falls off from the middle
    least_share: float = 0.12  # of the thing; a colour with less is not told
    most: int = 3
    neutral_chroma: float = 9.0  # below it a light pixel counts as grey or white
    neutral_share: float = 0.01  # of the light half: with as much, the light is white enough
    one_hue: float = 0.93  # length of the mean hue, weighted by chroma: 1 = all one hue
    tint_chroma: float = 12.0  # median chroma of the light half


def reduced(bgr: Picture) -> Picture:
    """The picture at 128 px width, at most 512 px high: what the colours are counted on."""
    import cv2

    height, width = bgr.shape[:2]
    size = (WIDTH_PX, min(MAX_HEIGHT_PX, max(1, round(height * WIDTH_PX / width))))
    return cast(Picture, cv2.resize(bgr, size, interpolation=cv2.INTER_AREA))


def colours(small: Picture, options: ColourOptions | None = None) -> tuple[Colour, ...]:
    """Colours of the thing in the middle of a `reduced` picture, the largest share first; shares of the thing, 0..1."""
    options = options or ColourOptions()
    named = _named(small)
    weights = _thing(small, named, options)
    shares = np.bincount(named.ravel(), weights.ravel(), minlength=len(_NAMES)) / weights.sum()
    families: dict[str, list[tuple[float, str]]] = {}
    for name, share in zip(_NAMES, shares.tolist(), strict=True):
        families.setdefault(NAMES[name][0], []).append((share, name))
    told = [Colour(max(shades)[1], round(sum(share for share, _ in shades), 3)) for shades in families.values()]
    told = sorted((c for c in told if c.share >= options.least_share), key=lambda c: (-c.share, c.name))
    return tuple(told[: options.most])


def tinted(small: Picture, options: ColourOptions | None = None) -> bool:
    """Whether everything in a `reduced` picture, the thing and what is around it, has one tint, so that it may be
    the light. A thing that fills the picture cannot be told from that either."""
    options = options or ColourOptions()
    lab = _lab(small)
    light = lab[lab[..., 0] >= np.median(lab[..., 0])]
    chroma = np.hypot(light[:, 1], light[:, 2])
    if float(np.mean(chroma < options.neutral_chroma)) >= options.neutral_share:
        return False
    if float(np.median(chroma)) < options.tint_chroma:
        return False
    thing = _thing(small, _named(small), options)
    around = (thing <= 0).astype(np.float64)
    weights = thing / thing.sum() + around / max(1.0, around.sum())
    total = (lab[..., 1:] * weights[..., None]).sum(axis=(0, 1))
    length = float((np.hypot(lab[..., 1], lab[..., 2]) * weights).sum())
    return float(np.hypot(*total)) >= options.one_hue * max(1e-6, length)


def name_of(red: int, green: int, blue: int) -> str:
    """The name of one sRGB colour, 0..255 each."""
    pixel = np.array([[[blue, green, red]]], np.uint8)
    return _NAMES[int(_named(pixel)[0, 0])]


def _thing(small: Picture, named: NDArray[np.uint8], options: ColourOptions) -> NDArray[np.float64]:
    """How much each pixel counts, (h, w) float64: near the middle, and unlike the edge."""
    height, width = small.shape[:2]
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    falloff = 2 * options.spread**2
    weights = np.exp(-(y**2) / falloff)[:, None] * np.exp(-(x**2) / falloff)[None, :]
    lab = _lab(small)
    lab[..., 0] *= L_WEIGHT
    rim_y, rim_x = max(1, round(height * options.edge_share)), max(1, round(width * options.edge_share))
    rim = np.zeros((height, width), bool)
    rim[:rim_y] = rim[:, :rim_x] = rim[:, -rim_x:] = True
    names, pixels = named[rim], lab[rim]
    unlike = np.ones((height, width), bool)
    for index in np.flatnonzero(np.bincount(names) >= options.edge_colour_share * names.size):
        centre = np.median(pixels[names == index], axis=0)
        unlike &= np.linalg.norm(lab - centre, axis=2) > options.differs
    thing = weights * unlike
    if thing.sum() < options.least_thing * weights.sum():  # it fills the picture, or has the wall's colour
        return cast(NDArray[np.float64], weights)
    return cast(NDArray[np.float64], thing)


def _named(bgr: Picture) -> NDArray[np.uint8]:
    """(h, w, 3) -> (h, w) uint8: the index of each pixel's name."""
    blue, green, red = (bgr[..., channel].astype(np.intp) >> (8 - BITS) for channel in range(3))
    return cast(NDArray[np.uint8], _table()[(blue << 2 * BITS) | (green << BITS) | red])


def _lab(bgr: Picture) -> Lab:
    """CIE Lab under D65: L 0..100, a and b about -127..127."""
    import cv2

    return cast(Lab, cv2.cvtColor(bgr.astype(np.float32) / 255, cv2.COLOR_BGR2LAB))


@functools.cache
def _table() -> NDArray[np.uint8]:
    """The name of every colour at 5 bits a channel, blue first; 0.1 to 0.3 s, once."""
    known = [(index, colour) for index, name in enumerate(_NAMES) for colour in NAMES[name][1].split()]
    rgb = np.array([[list(bytes.fromhex(colour))] for _, colour in known], np.uint8)
    anchors = _lab(rgb[..., ::-1])[:, 0]
    names = np.array([index for index, _ in known], np.uint8)
    half = 1 << (7 - BITS)
    steps = np.arange(1 << BITS, dtype=np.uint8) * np.uint8(1 << (8 - BITS)) + np.uint8(half)
    grid: Any = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    lab = _lab(grid.reshape(-1, 1, 3))[:, 0]
    grey = np.flatnonzero([NAMES[_NAMES[index]][0] in {"white", "grey", "black"} for index in names])
    limit = np.where(lab[:, 2] < 0, COOL_CHROMA, NEUTRAL_CHROMA)
    neutral = np.hypot(lab[:, 1], lab[:, 2]) < limit
    table = names[_nearest(lab, anchors)]
    table[neutral] = names[grey][_nearest(lab[neutral], anchors[grey])]
    return table


def _nearest(lab: Lab, anchors: Lab) -> NDArray[np.intp]:
    """(n, 3), (k, 3) -> (n,) the nearest anchor of each."""
    return cast(NDArray[np.intp], np.argmin((anchors**2).sum(axis=1)[None, :] - 2 * lab @ anchors.T, axis=1))
