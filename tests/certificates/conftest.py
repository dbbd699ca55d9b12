"""An authority of the test, made once."""

from __future__ import annotations

import pytest

from tests.certificates.authority import Authority, made_authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    return made_authority()
