"""Tests of the rules, their matcher and their lint."""
