"""Dialects: the interfaces of existing front ends, over the same sessions (docs/DIALECTS.md).

`table` has them all; `entry` and `speech` are what they have in common, then there is a module for each.
"""
