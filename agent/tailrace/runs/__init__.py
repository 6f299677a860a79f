"""Runs: units of work with streams of their own."""
