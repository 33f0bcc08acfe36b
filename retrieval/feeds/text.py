"""Words of a feed as they are kept: no markup, no control or invisible characters, bounded in length."""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

ID_LENGTH = 200
TITLE_LENGTH = 300
VALUE_LENGTH = 500
TEXT_LENGTH = 20_000
"""Characters kept of an id, of a title, of an attribute's value, and of a description, review or help page."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARKUP = re.compile(
    r"<!--|<!doctype|</?(?:a|b|i|u|s|p|br|hr|em|ol|ul|li|h[1-6]|div|img|pre|sub|sup|svg|col|font|span|small|strong|style|script"
    r"|table|tbody|thead|tr|td|th|body|html|head|iframe|center|section|article|blockquote|code|video|button|form|input)\b[^<>]*>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_UNSEEN = (
    "script", "style", "template", "noscript", "iframe", "object", "svg", "head",
    "[hidden]", '[aria-hidden="true"]', '[style*="display:none"]', '[style*="display: none"]',
    '[style*="visibility:hidden"]',
)
_BLOCKS = "br,p,div,li,tr,h1,h2,h3,h4,h5,h6,section,article,blockquote,table,ul,ol,hr,pre"


def line(text: str, limit: int = VALUE_LENGTH) -> str:
    """`text` on one line: markup and invisible characters gone, white space folded, cut at a word before `limit`."""
    return cut(" ".join(visible(plain(text)).split()), limit)


def verbatim_line(text: str, limit: int = VALUE_LENGTH) -> str:
    """`line` for text that is known to hold no markup: `a <b> c` stays."""
    return cut(" ".join(visible(text).split()), limit)


def paragraphs(text: str, limit: int = TEXT_LENGTH) -> str:
    """`text` with its line ends: no markup, no invisible characters, spaces folded, at most one empty line in a row."""
    return verbatim_paragraphs(plain(text), limit)


def verbatim_paragraphs(text: str, limit: int = TEXT_LENGTH) -> str:
    """`paragraphs` for text that is known to hold no markup."""
    rows = [" ".join(row.split()) for row in visible(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")]
    return cut(re.sub(r"\n{3,}", "\n\n", "\n".join(rows)).strip(), limit)


def visible(text: str) -> str:
    """`text` without control characters, direction overrides, zero-width spaces and lone surrogates."""
    return _INVISIBLE.sub("", text) if not text.isascii() or not text.isprintable() else text


def plain(text: str) -> str:
    """The words of `text`: HTML becomes text, one line a block, hidden parts left out; other text stays as it is."""
    if "<" in text and _MARKUP.search(text):
        return _words_of(text)
    return html.unescape(text) if "&" in text and _ENTITY.search(text) else text


def cut(text: str, limit: int) -> str:
    """`text`, or its words before `limit` characters and an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ", int(limit * 0.8))
    return (head[:space] if space > 0 else head).rstrip() + "…"


def _words_of(markup: str) -> str:
    body = LexborHTMLParser(markup).body
    if body is None:
        return ""
    for unseen in body.css(",".join(_UNSEEN)):
        unseen.decompose()
    for block in body.css(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    text = body.text(deep=True, separator="")
    return re.sub(r"[ \t]*\n\s*", "\n", text)
