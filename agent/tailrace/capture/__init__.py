"""Capture: what a process says without `logging`: its output, warnings, uncaught exceptions, detached loggers."""
