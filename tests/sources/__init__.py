"""Tests of the sources of messages."""
