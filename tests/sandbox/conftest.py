"""What the sandbox suites share: a provider's app on a real socket, and the specification extracts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def specification() -> Callable[[str], dict[str, Any]]:
    """Read one OpenAPI extract by file name, or skip aloud where the folder is not given."""
    folder = os.environ.get("CREDIT_NOTES_SPECS")

    def read(name: str) -> dict[str, Any]:
        if not folder:
            pytest.skip("CREDIT_NOTES_SPECS is not set: it names the folder of the providers' specification extracts")
        document: dict[str, Any] = json.loads((Path(folder) / name).read_text())
        return document

    return read
