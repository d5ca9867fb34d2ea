"""A Hub id without a network: one line at once, unless the base is in the cache or a proxy stands between."""

from __future__ import annotations

import socket

import pytest

from xling.bases.base import load_base
from xling.bases.stored import check_reachable
from xling.errors import InputError

NAME = "somebody/their-base"


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    def unknown(host, *_):
        raise socket.gaierror(-2, f"no address of {host}")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for name in ("https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_it_is_told_at_once(monkeypatch):
    monkeypatch.setattr("xling.bases.base.read_said", None)  # nothing is asked of the Hub
    with pytest.raises(
        InputError, match=f"cannot open the base '{NAME}': it is not in the cache, and there is"
    ):
        load_base(NAME)


def test_what_may_still_be_opened_is_not_refused(monkeypatch, tmp_path):
    folder = tmp_path / "models--somebody--their-base"
    (folder / "snapshots/1").mkdir(parents=True)
    (folder / "snapshots/1/config.json").write_text("{}", encoding="utf-8")
    (folder / "refs").mkdir()
    (folder / "refs/main").write_text("1", encoding="utf-8")
    with pytest.raises(InputError, match="no network"):
        check_reachable(NAME, "other")
    check_reachable("no: id", None)
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path), raising=False)
    check_reachable(NAME, None)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    check_reachable(NAME, "other")
    monkeypatch.delenv("https_proxy")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    check_reachable(NAME, "other")
