"""Files as sources: each line is a record, whatever rotates them.

pattern -> watch -> log file, one of each incarnation of a file -> sender
"""
