"""Browsers that signed in before."""

from __future__ import annotations

from pathlib import Path

from appliance.accounts.known import KnownBrowsers


def test_a_browser_is_known_for_its_account_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "known.key"
    known = KnownBrowsers(path)
    known.load()
    cookie = known.issue("anna")
    again = KnownBrowsers(path)
    again.load()
    assert again.browser(cookie, "anna")
    assert again.browser(cookie, "admin") is None
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_forged_cookie_is_nobody(tmp_path: Path) -> None:
    known, other = KnownBrowsers(tmp_path / "a"), KnownBrowsers(tmp_path / "b")
    known.load()
    other.load()
    cookie = other.issue("anna")
    for forged in (cookie, "", ".", "x.", ".y", cookie[:-1], "a" * 5000, cookie + "é"):
        assert known.browser(forged, "anna") is None


def test_without_a_key_nobody_is_known(tmp_path: Path) -> None:
    known = KnownBrowsers(tmp_path / "a")
    assert known.browser(known.issue("anna"), "anna") is None


def test_each_browser_is_one_of_its_own(tmp_path: Path) -> None:
    known = KnownBrowsers(tmp_path / "a")
    known.load()
    first, second = known.issue("anna"), known.issue("anna")
    assert known.browser(first, "anna") != known.browser(second, "anna")
