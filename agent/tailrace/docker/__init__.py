"""The logs of containers, read through the Docker Engine API over its Unix socket.

engine -> response -> messages -> weave -> follower -> sender, one follower for each container; the shipment runs them
"""
