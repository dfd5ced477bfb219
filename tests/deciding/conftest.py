"""Decisions are tested on the databases that the store is tested on."""

from __future__ import annotations

from tests.store.conftest import postgres, store, url

__all__ = ["postgres", "store", "url"]
