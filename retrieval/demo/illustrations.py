"""Product pictures drawn by code: a flat SVG illustration for each silhouette, in the colours of department and variant.

The silhouettes are recipes in `pictures.yaml`, one shape a line, in a box of 240 by 240:

    R paint x y width height [radius]      rectangle
    C paint x y radius                     circle
    E paint x y radius-x radius-y          ellipse
    P paint path                           filled path
    S paint width path                     stroked path with round ends

A department that draws a silhouette in its own way has a recipe named `department/silhouette`. A paint is `main` (the
variant's colour), one of its shades (`deep dark light pale`), `accent`, or one of the file's `paints`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

RECIPES = Path(__file__).parent / "pictures.yaml"
_PATH = re.compile(r"pictures/(?P<department>[a-z]+)/(?P<picture>[a-z0-9_-]+)/(?P<color>[a-z0-9-]+)\.svg")
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


@dataclass(frozen=True, slots=True)
class Recipes:
    """What the recipe file holds."""

    paints: Mapping[str, str]
    colors: Mapping[str, str]
    """Hex values of colour words."""
    pictures: Mapping[str, tuple[str, ...]]
    """The shapes of every picture by its name."""


@cache
def recipes(path: Path = RECIPES) -> Recipes:
    """The recipes in `path`, read once."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    pictures = {name: tuple(shapes.splitlines()) for name, shapes in raw["pictures"].items()}
    return Recipes(raw["paints"], raw["colors"], pictures)


def illustration(image: str) -> str:
    """The SVG text for an item's `image`, `pictures/<department>/<picture>/<color>.svg`.

    A colour that is not known gives the department's accent. Raises ValueError for a path that names no picture.
    """
    found = _PATH.fullmatch(image)
    department, picture, color = found.groups() if found else ("", "", "")
    pictures = recipes().pictures
    shapes = pictures.get(f"{department}/{picture}", pictures.get(picture))
    if shapes is None or department not in PALETTES:
        raise ValueError(f"no picture {image!r}; expected a path such as pictures/outdoor/boot/grey.svg")
    background, disc, accent = PALETTES[department]
    paints = paints_for(shade_of(color) or accent, accent)
    drawn = "".join(_shape(line, paints) for line in shapes)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" role="img">'
        f'<rect width="240" height="240" fill="{background}"/><circle cx="120" cy="116" r="92" fill="{disc}"/>'
        f'<ellipse cx="120" cy="205" rx="76" ry="8" fill="{mixed(disc, "#000000", 0.14)}"/>{drawn}</svg>'
    )


def picture_path(department: str, picture: str, color: str = "") -> str:
    """The path by which an item names its picture; `plain` stands for no colour."""
    return f"pictures/{department}/{picture}/{re.sub(r'[^a-z0-9]+', '-', color.lower()).strip('-') or 'plain'}.svg"


def shade_of(color: str) -> str:
    """The hex value of a colour in words, by its last known word (`dark olive green` is green); empty when none is known."""
    words = color.lower().replace("-", " ").split()
    colors = recipes().colors
    base = next((colors[word] for word in reversed(words) if word in colors), "")
    if base and "dark" in words:
        return mixed(base, "#000000", 0.3)
    return mixed(base, "#ffffff", 0.4) if base and ({"light", "pale"} & set(words)) else base


def paints_for(main: str, accent: str) -> dict[str, str]:
    """Every paint name with its hex value. White things get greyer shades, so that they keep a shape."""
    return {
        **recipes().paints,
        "main": main,
        "accent": accent,
        "dark": mixed(main, "#1d2733", 0.2),
        "deep": mixed(main, "#1d2733", 0.42),
        "light": mixed(main, "#ffffff", 0.35),
        "pale": mixed(main, "#ffffff", 0.65),
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
        stroke = f'stroke="{paints[paint]}" stroke-width="{rest[0]}" stroke-linecap="round" stroke-linejoin="round"'
        return f'<path d="{" ".join(rest[1:])}" fill="none" {stroke}/>'
    raise ValueError(f"unknown shape {letter!r} in {line!r}; expected R, C, E, P or S")
