"""`python -m tailrace_relay` is `tailrace` with an installed relay."""

from tailrace_relay.cli import main

main()
