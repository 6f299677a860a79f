"""The shipper: carries what is in the spool to Redis, each record once, whatever Redis does meanwhile.

spool -> scanner -> lane, one of each stream -> backlog, which decides -> link -> Redis
"""
