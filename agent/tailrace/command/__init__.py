"""Commands: any program as a child process, its output recorded and passed on."""
