"""Help pages: a directory of Markdown files with front matter.

    ---
    id: returns
    language: en
    title: Returning an order
    topic: returns
    version: "3"
    effective: 2026-05-01
    ---
    You can send anything back within 30 days ...

Without them, the id is the file's name, the language its ending (`returns.zh.md`) or its folder (`zh/returns.md`), the title the
first heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import frontmatter
import yaml

from retrieval.errors import FeedError
from retrieval.feeds.rejection import Feed, OnError, RowRejected, stop, unreadable
from retrieval.feeds.source import Limits, open_source
from retrieval.feeds.text import ID_LENGTH, TITLE_LENGTH, VALUE_LENGTH, verbatim_line, verbatim_paragraphs
from retrieval.feeds.values import moment_of, text_of
from retrieval.schema import HelpPage

LARGEST = 1_000_000
"""Bytes of one page."""
_NAME = re.compile(r"(.+?)[._-](en|zh|de|fr|es|it|ja|ko)", re.I)


def read_help_pages(directory: Path | str, *, on_error: OnError = stop) -> Iterator[HelpPage]:
    """The pages under `directory`, in the order of their paths; of two with one id and language the second is rejected."""
    directory = Path(directory)
    if not directory.is_dir():
        raise unreadable(str(directory), "no such directory", "a directory of Markdown files", "Check the path.")
    paths = sorted(path for path in directory.rglob("*.md") if path.is_file())
    if not paths:
        raise unreadable(str(directory), "no Markdown file", "help pages in files ending in .md", "Check the path.")
    seen: set[tuple[str, str]] = set()
    for path in paths:
        feed = Feed(path.relative_to(directory).as_posix(), on_error)
        try:
            page = _page(path, directory)
            if (page.id, page.language) in seen:
                raise RowRejected("id", page.id, "one page an id and language", "Rename one of the two.")
        except RowRejected as why:
            feed.reject(1, why)
        except FeedError as error:
            on_error(error.row_error)
        else:
            seen.add((page.id, page.language))
            yield page


def _page(path: Path, directory: Path) -> HelpPage:
    if not path.resolve().is_relative_to(directory.resolve()):
        raise RowRejected("", "a link out of the directory", "a file in it", "Copy the page into the directory.")
    if path.stat().st_size > LARGEST:
        raise RowRejected("", f"{path.stat().st_size:,} bytes", f"a page of at most {LARGEST:,}", "Split the page.")
    with open_source(path, Limits(unpacked=LARGEST)) as source:
        text = "".join(source.chunks)
    try:
        about, body = frontmatter.parse(text)
    except (yaml.YAMLError, ValueError) as error:
        raise RowRejected("front matter", " ".join(str(error).split()), "YAML between two lines of ---",
                          "Quote values that hold a colon.") from error
    if nested := [key for key, value in about.items() if isinstance(value, list | dict)]:
        raise RowRejected(nested[0], "a list or an object", "one value", "Write `key: value`.")
    name, language = _name_and_language(path, directory)
    body = verbatim_paragraphs(body, LARGEST)
    heading = re.match(r"#+\s+(.+)", body)
    title = verbatim_line(text_of(about.get("title")), TITLE_LENGTH) or (heading.group(1).strip() if heading else "")
    if not title or not body:
        raise RowRejected("title" if body else "", "no title" if body else "no text", "a title and a text", "Complete the page.")
    return HelpPage(
        id=verbatim_line(text_of(about.get("id")), ID_LENGTH) or name,
        language=verbatim_line(text_of(about.get("language")), 20) or language,
        title=title, text=body,
        topic=verbatim_line(text_of(about.get("topic")), VALUE_LENGTH) or "other",
        version=verbatim_line(text_of(about.get("version")), 80) or "1",
        effective=_effective(about.get("effective")),
    )


def _name_and_language(path: Path, directory: Path) -> tuple[str, str]:
    """(id, language) as the path tells them; English where it tells none."""
    if found := _NAME.fullmatch(path.stem):
        return found.group(1), found.group(2).lower()
    folder = path.parent.name if path.parent != directory else ""
    return path.stem, folder.lower() if re.fullmatch("(?i)en|zh|de|fr|es|it|ja|ko", folder) else "en"


def _effective(value: object) -> datetime | None:
    return moment_of(value.isoformat() if isinstance(value, date) else value, "effective")
