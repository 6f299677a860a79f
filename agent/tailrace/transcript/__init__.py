"""Transcripts: lines, tracebacks and JSON objects in what any program writes, as records. No I/O here."""
