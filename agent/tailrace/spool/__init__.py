"""The spool: where a record is safe from the death of its process until Redis has it (docs/SPOOL.md).

log call -> spool -> shelf -> segment, and beside them head and slot: whose it is, how far it has come. A reader reads
what a dead process left; compaction and overflow are for when there is no room, and no time.
"""
