"""Tests of the commands, in this process and as programs."""
