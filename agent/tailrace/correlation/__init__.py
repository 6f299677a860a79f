"""Correlation: what a record says besides what its log call said, so that records that belong together are found."""
