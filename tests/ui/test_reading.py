"""`daogou read` from outside, and the reading beside a server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.embedding.hashing_embedder import HashingEmbedder
from retrieval.errors import StoreError
from retrieval.importing import import_feed
from retrieval.reading_file import origin_of
from retrieval.readings import Readings
from retrieval.schema import Item, Review
from retrieval.shop import Shop, ShopSettings
from ui.background_reading import LOG, reading_beside, worth_reading
from ui.reading import sole_reader
from ui.wiring import ModelChoice

SCRIPTED = ModelChoice(engine="scripted")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A pan with three reviews."""
    with Shop.create(tmp_path / "shop", ShopSettings("Test", embedder="hashing"), embedder=HashingEmbedder()) as made:
        import_feed(made, catalog=[Item("p", "Pan")], reviews=[Review(f"r{n}", "p", f"Pan number {n}.") for n in range(3)])
        yield made


def _daogou(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from ui.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)  # type: ignore[call-overload,no-any-return]


def _ended(pid: int, seconds: float = 20.0) -> bool:
    """True once the process is gone or only waits to be collected."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_read_prints_one_object(shop: Shop, tmp_path: Path) -> None:
    """`read --json` prints what was done and nothing else; an export names who read, and holds no path of this machine."""
    path = tmp_path / "readings.jsonl.gz"
    ran = _daogou("read", str(shop.directory), "--engine", "scripted", "--limit", "2", "--export", str(path), "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    report = json.loads(ran.stdout)
    assert set(report) == {"reviews", "read", "failed", "aspects", "seconds", "per_second", "reader", "unread", "exported"}
    assert (report["reviews"], report["read"], report["failed"], report["unread"], report["exported"]) == (3, 2, 0, 1, 2)
    origin = origin_of(path)
    assert origin.reader == report["reader"] == "scripted"
    assert origin.command == "daogou read shop --model gemma3-270m --engine scripted --adapter shipped --export readings.jsonl.gz"


def test_a_shop_that_is_being_read_is_left_alone(shop: Shop) -> None:
    """A second reader of the same shop ends with code 2 and one line."""
    with sole_reader(shop.directory):
        ran = _daogou("read", str(shop.directory), "--engine", "scripted")
        with pytest.raises(StoreError, match="another process"), sole_reader(shop.directory):
            pass
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1 and "being read by another process" in ran.stderr


def test_bad_input_is_one_message(tmp_path: Path) -> None:
    """A shop that is not there, and a limit of nothing, end with code 2."""
    for arguments in (("read", str(tmp_path / "nowhere"), "--engine", "scripted"), ("read", "x", "--limit", "0")):
        ran = _daogou(*arguments)
        assert ran.returncode == 2 and ran.stderr and "Traceback" not in ran.stderr


def test_the_reading_beside_a_server_reads_all(shop: Shop) -> None:
    """The child reads the shop at low priority and logs into the shop's directory."""
    with reading_beside(shop, str(shop.directory), SCRIPTED) as child:
        assert child.wait(60) == 0
    assert Readings(shop.engine).counts().unread == 0
    log = (shop.directory / LOG).read_text(encoding="utf-8")
    assert "3 of 3 reviews" in log and "3 reviews read" in log


def test_only_one_reads_a_shop(shop: Shop) -> None:
    """While another process reads, the child of a second server ends, and its log says why."""
    with sole_reader(shop.directory), reading_beside(shop, str(shop.directory), SCRIPTED) as child:
        assert child.wait(60) == 2
    assert "being read by another process" in (shop.directory / LOG).read_text(encoding="utf-8")


def test_the_child_ends_with_the_server(shop: Shop) -> None:
    """When the block ends so does the child, however far it is."""
    with reading_beside(shop, str(shop.directory), SCRIPTED) as child:
        pass
    assert child.returncode is not None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see a process of another parent")
def test_the_child_ends_with_a_killed_server(shop: Shop) -> None:
    """A server that is killed leaves no reader behind, here one that waits for a model that never answers."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom retrieval.shop import Shop\n"
        "from ui.background_reading import reading_beside\nfrom ui.wiring import ModelChoice\n"
        "with reading_beside(Shop.open(Path(sys.argv[1])), sys.argv[1], ModelChoice(engine='openai', base_url=sys.argv[2])) as child:\n"
        "    print(child.pid, flush=True)\n    time.sleep(100)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        server = subprocess.Popen([sys.executable, "-c", code, str(shop.directory), url], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        asked, _ = silent.accept()
        os.kill(server.pid, signal.SIGKILL)
        server.communicate()
        assert _ended(pid)
        asked.close()
    assert (shop.directory / LOG).read_text(encoding="utf-8") == ""


def test_what_is_worth_reading(shop: Shop, tmp_path: Path) -> None:
    """Unread reviews and an adapter that was trained for them; not without one, nor a scripted engine, nor a shop that is read."""
    for task in ("read", "review"):
        (tmp_path / task).mkdir()
        (tmp_path / task / "card.json").write_text(json.dumps({"tasks": [task]}))
        (tmp_path / task / "adapter_config.json").write_text("{}")
        (tmp_path / task / "adapter_model.safetensors").write_bytes(b"weights")
    trained = ModelChoice(engine="onnx", adapter=str(tmp_path))
    others = (replace(trained, adapter=str(tmp_path / "read")), replace(trained, adapter="none"), replace(trained, engine="scripted"))
    assert worth_reading(shop, trained)
    assert not any(worth_reading(shop, other) for other in others)
    assert _daogou("read", str(shop.directory), "--engine", "scripted").returncode == 0
    assert not worth_reading(shop, trained)
