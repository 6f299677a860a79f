"""Sources that can be read again, such as files and the logs of containers. They are their own spool.

source -> sender -> append.lua -> Redis, and beside them a checkpoint: how far the source is in Redis
"""
