"""Who a shopper says to be: ids signed with the shop's own keys, and the digest by which an erased id is known again."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock
from itsdangerous import BadData, URLSafeTimedSerializer

from retrieval.errors import StoreError

KEY_FILE = "identity.json"
"""In the shop's directory, readable by its owner only."""
LIVE_KEYS = 2
"""The key that signs and the one before it, whose signatures still hold."""
MONTH = 30 * 24 * 3600
_SALT = "daogou.shopper"
_ID = re.compile(r"[^\x00-\x1f\x7f]{1,128}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Signs and recognises the ids of one shop."""

    keys: tuple[str, ...] = field(repr=False)
    """Newest first."""
    pepper: str = field(repr=False)
    """Keys the digests of erased ids; never changed, or these would not be known again."""
    max_age: int = 13 * MONTH
    """Seconds for which a signature holds: a little more than a year, so that a yearly visitor is known."""

    def sign(self, shopper_id: str) -> str:
        """A token that proves the id. Raises ValueError for an id that is empty, too long or has control characters."""
        if not _ID.fullmatch(shopper_id):
            raise ValueError(f"found the shopper id {shopper_id[:40]!r}, expected 1 to 128 printable characters")
        return str(self._serializer().dumps(shopper_id))

    def known(self, token: str, now: datetime | None = None) -> str:
        """The id that a token proves; empty for one that is forged, damaged, too old or of a key that is gone.

        A token of the future holds: the clock was set back since it was made.
        """
        try:
            found, made = self._serializer().loads(token, return_timestamp=True)
        except BadData:
            return ""
        fresh = (now or datetime.now(UTC)) - made <= timedelta(seconds=self.max_age)
        return found if fresh and isinstance(found, str) and _ID.fullmatch(found) else ""

    def tag(self, shopper_id: str) -> str:
        """64 hexadecimal digits by which an id is known again, and from which it can't be told."""
        return hmac.new(self.pepper.encode(), shopper_id.encode(), hashlib.sha256).hexdigest()

    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(list(reversed(self.keys)), salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})


def new_shopper_id() -> str:
    """An id that nobody has."""
    return f"s-{secrets.token_hex(12)}"


def open_identity(directory: Path) -> Identity:
    """The keys of the shop in the directory, made at first use. Raises StoreError when they can't be read or made."""
    path = directory / KEY_FILE
    try:
        if not path.exists():
            with FileLock(directory / f"{KEY_FILE}.lock", timeout=10):
                if not path.exists():
                    _save(path, Identity((secrets.token_urlsafe(32),), secrets.token_urlsafe(32)))
        found = json.loads(path.read_text(encoding="utf-8"))
        return Identity(tuple(map(str, found["keys"])), str(found["pepper"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the shop's keys in {path} can't be read: {error}. Restore the file, or give permission.") from error


def rotate(directory: Path) -> Identity:
    """A new key signs from now on; the one before it still holds, older ones do not. Raises StoreError."""
    held = open_identity(directory)
    keys = (secrets.token_urlsafe(32), *held.keys)[:LIVE_KEYS]
    turned = replace(held, keys=keys)
    _save(directory / KEY_FILE, turned)
    return turned


def _save(path: Path, identity: Identity) -> None:
    """The file is whole, old or new, and its owner's alone."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": identity.keys, "pepper": identity.pepper}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
