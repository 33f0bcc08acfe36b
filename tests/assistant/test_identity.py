"""Ids signed with the shop's own keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.identity import KEY_FILE, Identity, new_shopper_id, open_identity, rotate
from retrieval.errors import StoreError

IDENTITY = Identity(("new", "old"), "pepper")


@settings(deadline=None, max_examples=50)
@given(st.text("aZ09 -_.:@é鞋🥾", min_size=1, max_size=128))
def test_a_signed_id_is_known(shopper: str) -> None:
    """Every printable id comes back out of its token."""
    assert IDENTITY.known(IDENTITY.sign(shopper)) == shopper


@settings(deadline=None, max_examples=50)
@given(st.text("abzAZ09-_.", max_size=120))
def test_a_made_up_token_proves_nothing(token: str) -> None:
    """No text that was not signed gives an id."""
    assert IDENTITY.known(token) == ""


def test_a_token_of_another_shop_or_with_another_id_proves_nothing() -> None:
    """A token holds for its id and its shop only."""
    token = IDENTITY.sign("anna")
    assert Identity(("else",), "pepper").known(token) == ""
    assert IDENTITY.known(IDENTITY.sign("bert").split(".")[0] + token[token.index(".") :]) == ""


def test_two_keys_live(tmp_path: Path) -> None:
    """A rotated key still proves, one rotated twice does not, and digests of erased ids stay the same."""
    first = open_identity(tmp_path)
    token = first.sign("anna")
    assert rotate(tmp_path).known(token) == "anna"
    second = rotate(tmp_path)
    assert second.known(token) == ""
    assert second.tag("anna") == first.tag("anna") != first.tag("bert")


def test_a_token_ends_and_survives_a_clock_set_back() -> None:
    """After its time a token proves nothing; made "in the future" it still does."""
    token, now = IDENTITY.sign("anna"), datetime.now(UTC)
    assert IDENTITY.known(token, now + timedelta(days=400)) == ""
    assert IDENTITY.known(token, now - timedelta(days=400)) == "anna"


def test_the_keys_are_their_owners_alone(tmp_path: Path) -> None:
    """The file is made once, readable by its owner only; a damaged one is told with its cure."""
    held = open_identity(tmp_path)
    assert open_identity(tmp_path) == held
    path = tmp_path / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("{")
    with pytest.raises(StoreError, match="Restore the file"):
        open_identity(tmp_path)


@pytest.mark.parametrize("bad", ["", "x" * 129, "a\nb"])
def test_what_is_no_id_is_not_signed(bad: str) -> None:
    """Empty, long and multi-line ids are refused."""
    with pytest.raises(ValueError, match="expected 1 to 128 printable characters"):
        IDENTITY.sign(bad)


def test_new_ids_are_nobodys() -> None:
    """Two new ids differ."""
    assert new_shopper_id() != new_shopper_id()
