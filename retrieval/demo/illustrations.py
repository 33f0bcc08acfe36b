"""Product pictures drawn by code: a flat SVG illustration for each silhouette, in the colours of department and variant.

The silhouettes are recipes in `pictures.yaml`, one shape a line, in a box of 240 by 240:

    R paint x y width height [radius]      rectangle
    C paint x y radius                     circle
    E paint x y radius-x radius-y          ellipse
    P paint path                           filled path
    S paint width path                     stroked path with round ends

A paint is `main` (the variant's colour), one of its shades (`deep dark light pale`), `accent`, or a fixed one of FIXED.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

RECIPES = Path(__file__).parent / "pictures.yaml"
FIXED = {
    "ink": "#2f3640", "coal": "#454d58", "metal": "#b9c2cb", "steel": "#8d98a5", "shine": "#e6ebef", "paper": "#fffdf7",
    "wood": "#c99b6b", "bark": "#9c7046", "soil": "#6b4c3b", "leaf": "#6aa84f", "moss": "#48803a", "glass": "#cfe6ef",
    "water": "#8cc8de", "glow": "#ffe9a8", "flame": "#f5b942", "red": "#d9534f", "gold": "#d4a94e", "rose": "#e8a0a6", "fur": "#d8b48a",
}
PALETTES: Mapping[str, tuple[str, str, str]] = {
    "outdoor": ("#e4ede2", "#cfdfcd", "#4f7f6b"),
    "kitchen": ("#f8ebdf", "#f1dac5", "#c9694a"),
    "audio": ("#e8e6f2", "#d6d2e8", "#5d5a94"),
    "desk": ("#e5ecf2", "#d0dde8", "#4a7397"),
    "garden": ("#edf1dc", "#dde5bf", "#6d8c3c"),
    "children": ("#fdf1d6", "#fae3ab", "#e0913a"),
    "pets": ("#f6e9e3", "#ecd5c9", "#a8644a"),
    "beauty": ("#f8e8ec", "#f0d2da", "#b9657f"),
}
"""Of each department: background, the disc behind the product, and the accent."""
COLORS = {
    "black": "#3c424a", "grey": "#8f98a3", "gray": "#8f98a3", "white": "#f7f6f2", "silver": "#c3cad1", "red": "#cf4b45", "pink": "#ea9ab2",
    "orange": "#ea8a3c", "yellow": "#f0c544", "green": "#5f9e63", "mint": "#9fd6bd", "teal": "#3d9490", "blue": "#4f86c6",
    "navy": "#34466f", "purple": "#8a68b3", "lilac": "#bda4dc", "lavender": "#bda4dc", "brown": "#8c6244", "beige": "#dcc9a8", "cream": "#f2e6cb",
    "sand": "#d8c08f", "olive": "#85864a", "khaki": "#a39a68", "copper": "#c47d52", "gold": "#d9b25c", "natural": "#d9b486", "wood": "#c99b6b",
    "oak": "#d0a672", "walnut": "#7d5a42", "birch": "#e6d3b0", "bamboo": "#d9bd83", "pastel": "#c5d8ea", "multicolor": "#e7a94d",
    "rainbow": "#e7a94d", "warm": "#f3cf87", "clear": "#d5e8ee", "transparent": "#d5e8ee", "charcoal": "#474c54", "graphite": "#5a6069",
    "burgundy": "#7f2f3f", "rose": "#e3a0a4", "coral": "#ef8370", "peach": "#f6bd9b", "nude": "#dcb39b", "ivory": "#f4eedd", "turquoise": "#53b8b5",
    "sage": "#a3b596", "terracotta": "#c5714f", "rust": "#b1593a", "mustard": "#d1a33a", "slate": "#66727f", "sky": "#91c3e4", "anthracite": "#42474e",
    "plum": "#744a6e", "berry": "#a03c63", "tan": "#c8a173", "honey": "#dda544", "brass": "#c9a658", "chrome": "#c9d0d6", "bronze": "#a9784b",
}


@cache
def recipes() -> Mapping[str, tuple[str, ...]]:
    """The shapes of every picture by its name."""
    table: dict[str, str] = yaml.safe_load(RECIPES.read_text(encoding="utf-8"))
    return {name: tuple(line for line in shapes.splitlines() if line.strip()) for name, shapes in table.items()}


def illustration(image: str) -> str:
    """The SVG text for an item's `image`, `demo:<department>:<picture>:<color>`.

    Raises ValueError for another kind of reference and KeyError for an unknown department or picture.
    """
    scheme, _, rest = image.partition(":")
    parts = rest.split(":")
    if scheme != "demo" or len(parts) != 3:
        raise ValueError(f"expected demo:<department>:<picture>:<color>, got {image!r}")
    department, picture, color = parts
    background, disc, accent = PALETTES[department]
    paints = paints_for(shade_of(color) or accent, accent)
    shapes = "".join(_shape(line, paints) for line in recipes()[picture])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" role="img">'
        f'<rect width="240" height="240" fill="{background}"/><circle cx="120" cy="116" r="92" fill="{disc}"/>'
        f'<ellipse cx="120" cy="205" rx="76" ry="8" fill="{mixed(disc, "#000000", 0.14)}"/>{shapes}</svg>'
    )


def shade_of(color: str) -> str:
    """The hex value of a colour in words, by its last known word (`dark olive green` is green); empty when none is known."""
    words = color.lower().replace("-", " ").split()
    base = next((COLORS[word] for word in reversed(words) if word in COLORS), "")
    if base and "dark" in words:
        return mixed(base, "#000000", 0.3)
    return mixed(base, "#ffffff", 0.4) if base and ({"light", "pale"} & set(words)) else base


def paints_for(main: str, accent: str) -> dict[str, str]:
    """Every paint name with its hex value. White things get greyer shades, so that they keep a shape."""
    return {
        **FIXED, "main": main, "accent": accent,
        "dark": mixed(main, "#1d2733", 0.2), "deep": mixed(main, "#1d2733", 0.42),
        "light": mixed(main, "#ffffff", 0.35), "pale": mixed(main, "#ffffff", 0.65),
    }


def mixed(one: str, other: str, share: float) -> str:
    """The colour that lies `share` (0 to 1) of the way from one hex colour to another."""
    channels = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in channels)


def _shape(line: str, paints: Mapping[str, str]) -> str:
    """One shape of a recipe as SVG."""
    letter, paint, *rest = line.split()
    fill = f'fill="{paints[paint]}"'
    if letter == "R":
        x, y, width, height, radius = (*rest, "0")[:5]
        return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" {fill}/>'
    if letter == "C":
        return f'<circle cx="{rest[0]}" cy="{rest[1]}" r="{rest[2]}" {fill}/>'
    if letter == "E":
        return f'<ellipse cx="{rest[0]}" cy="{rest[1]}" rx="{rest[2]}" ry="{rest[3]}" {fill}/>'
    if letter == "P":
        return f'<path d="{" ".join(rest)}" {fill}/>'
    if letter == "S":
        line_style = f'fill="none" stroke="{paints[paint]}" stroke-width="{rest[0]}" stroke-linecap="round" stroke-linejoin="round"'
        return f'<path d="{" ".join(rest[1:])}" {line_style}/>'
    raise ValueError(f"unknown shape {letter!r} in {line!r}; expected R, C, E, P or S")
