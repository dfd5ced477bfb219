"""Tests of codes and their registries."""
