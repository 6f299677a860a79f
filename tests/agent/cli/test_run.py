"""`tailrace run`: a program behaves as it would alone, and what it prints arrives."""

from __future__ import annotations

import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tailrace.cli.run import DRAIN
from tailrace.wire.record import Record
from tests.agent.delivered import Delivered, delivered, wait_for_records
from tests.servers import ROOT, MakeRedisServer, Server, wait_for

TAILRACE = [sys.executable, "-c", "import sys; from tailrace.cli import main; sys.exit(main())", "run"]
NOWHERE = "redis://127.0.0.1:1/0"

Completed = subprocess.CompletedProcess[bytes]
Run = Callable[..., Completed]
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def environ(prefix: str, tmp_path: Path) -> dict[str, str]:
    place = {"TAILRACE_PREFIX": prefix, "TAILRACE_SPOOL_DIR": str(tmp_path / "spool")}
    return {**os.environ, **place, "PYTHONPATH": str(ROOT / "agent")}


@pytest.fixture
def run(environ: dict[str, str], redis_server: Server) -> Run:
    """Runs a command under `tailrace run --stream s` to its end."""

    def run(*arguments: str, url: str = redis_server.url, input: bytes = b"", **more: str) -> Completed:
        command = [*TAILRACE, "--stream", "s", "--url", url, *arguments]
        settings = {**environ, **more}
        return subprocess.run(command, env=settings, capture_output=True, input=input, timeout=60, check=False)

    return run


@pytest.fixture
def start(environ: dict[str, str], redis_server: Server) -> Iterator[Start]:
    """Starts a command under `tailrace run --stream s`, in a process group of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, **more: Any) -> subprocess.Popen[bytes]:
        command = [*TAILRACE, "--stream", "s", "--url", redis_server.url, *arguments]
        options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "process_group": 0} | more
        started.append(subprocess.Popen(command, env=environ, **options))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.wait()


@pytest.fixture
def found(redis_server: Server, prefix: str) -> Callable[[], Delivered]:
    return lambda: delivered(redis_server.client(), prefix, "s")


Found = Callable[[], Delivered]


def python(program: str) -> list[str]:
    return ["--", sys.executable, "-c", program]


def printed(found: Delivered) -> list[Record]:
    return [record for record in found.all if record.source != "sdk"]


def notes(found: Delivered) -> list[Record]:
    return [record for record in found.all if record.source == "sdk"]


def test_both_outputs_are_passed_on_unchanged_and_recorded(run: Run, found: Found) -> None:
    done = run("--", "sh", "-c", r"printf 'a\r\n\n\377 50%%\r100%%\n'; printf 'problem\nlast' >&2")
    assert (done.stdout, done.stderr) == (b"a\r\n\n\xff 50%\r100%\n", b"problem\nlast")
    lines = {(r.source, r.level, r.logger, r.line_number, r.message) for r in printed(found())}
    assert lines == {
        ("stdout", "INFO", "sh", 1, "a"),
        ("stdout", "INFO", "sh", 3, "100%"),
        ("stderr", "ERROR", "sh", 1, "problem"),
        ("stderr", "ERROR", "sh", 2, "last"),
    }


def test_start_and_finish_are_recorded_without_the_arguments(run: Run, found: Found) -> None:
    run("--", "sh", "-c", "exit 0", "--password=geheim")
    start, finish = notes(found())
    assert (start.kind, start.message, start.level) == ("start", "command sh started", "INFO")
    assert (finish.kind, finish.level) == ("finish", "INFO")
    assert finish.message.startswith("command sh ok after ")
    assert start.fields is not None
    assert finish.fields is not None
    assert (start.fields["command"], start.fields["arguments"]) == ("sh", 3)
    assert start.fields["child_pid"] == finish.fields["child_pid"] > 0
    assert (finish.fields["exit_code"], finish.fields["status"]) == (0, "ok")
    assert "geheim" not in repr(found().all)


@pytest.mark.parametrize(
    ("script", "code", "status", "error"),
    [
        ("exit 3", 3, "failed", "exit code 3"),
        ("kill -KILL $$", 137, "failed", "killed by SIGKILL"),
        ("kill -TERM $$", 143, "cancelled", "killed by SIGTERM"),
    ],
)
def test_the_exit_code_is_kept(run: Run, found: Found, script: str, code: int, status: str, error: str) -> None:
    assert run("--", "sh", "-c", script).returncode == code
    finish = notes(found())[-1]
    assert finish.fields is not None
    assert (finish.fields["exit_code"], finish.fields["status"], finish.fields["error"]) == (code, status, error)
    assert finish.message.endswith(f" s: {error}")


@pytest.mark.parametrize(
    ("command", "code"), [("no-such-command", 127), (str(ROOT), 126), (str(ROOT / "LICENSE"), 126)]
)
def test_a_command_that_cannot_be_run_has_the_code_that_a_shell_would_give(
    run: Run, found: Found, command: str, code: int
) -> None:
    done = run("--", command)
    assert done.returncode == code
    assert done.stderr.startswith(f"tailrace: can't run {command}: ".encode())
    assert [note.kind for note in notes(found())] == ["finish"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "there is no command"),
        (("--run-id", "a b", "--", "true"), "id"),
        (("--stream", "ü", "--", "true"), "stream"),
    ],
)
def test_bad_arguments_are_said_and_nothing_is_run(run: Run, arguments: tuple[str, ...], text: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert text in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_the_command_gets_input_arguments_and_where_to_log(run: Run, redis_server: Server) -> None:
    program = "import os, sys; print(sys.stdin.read(), sys.argv[1:], [os.environ[n] for n in sys.argv[2:]])"
    names = ["TAILRACE_URL", "TAILRACE_SERVICE", "TAILRACE_STREAM", "PYTHONUNBUFFERED"]
    done = run("--service", "mine", *python(program), "--url", *names, input=b"some input")
    assert done.stdout.decode() == f"some input {['--url', *names]} {[redis_server.url, 'mine', 's', '1']}\n"


def test_json_lines_are_structured_records_and_tracebacks_are_one(run: Run, found: Found) -> None:
    done = run(*python('print(\'{"level": "warn", "msg": "x", "n": 1}\')\nprint("INFO: y")\nprint("z")\n1/0'))
    json, named, plain, trace = sorted(printed(found()), key=lambda r: (r.source == "stderr", r.line_number))
    assert (json.level, json.message, json.fields) == ("WARNING", "x", {"n": 1})
    assert (named.level, plain.level) == ("INFO", "INFO")
    assert (trace.level, trace.message, trace.exception) == (
        "ERROR",
        "ZeroDivisionError: division by zero",
        done.stderr.decode().rstrip(),
    )


def test_levels_can_be_set_and_output_be_kept_quiet(run: Run, found: Found) -> None:
    levels = ("--stdout-level", "debug", "--stderr-level", "25")
    done = run("--quiet", *levels, "--", "sh", "-c", "echo a; echo b >&2")
    assert (done.stdout, done.stderr) == (b"", b"")
    assert {(r.message, r.level_number) for r in printed(found())} == {("a", 10), ("b", 25)}


def test_lines_below_the_level_are_passed_on_and_not_recorded(run: Run, found: Found) -> None:
    assert run("--", "sh", "-c", "echo a; echo b >&2", TAILRACE_LEVEL="WARNING").stdout == b"a\n"
    assert [r.message for r in printed(found())] == ["b"]


def test_without_output_the_program_has_the_descriptors_themselves(run: Run, found: Found) -> None:
    done = run("--no-output", *python("import os; print('x', 'TAILRACE_PARENT' in os.environ)"))
    assert done.stdout == b"x False\n"
    assert [r.message.split(" after")[0] for r in found().all] == [
        f"command {Path(sys.executable).name} {how}" for how in ("started", "ok")
    ]


def test_a_run_has_a_stream_of_its_own(run: Run, redis_server: Server, prefix: str) -> None:
    done = run("--run-id", "nightly-7", "--", "sh", "-c", "echo $TAILRACE_STREAM")
    assert (done.stdout, done.stderr) == (b"run:nightly-7\n", b"tailrace: run nightly-7\n")
    found = delivered(redis_server.client(), prefix, "run:nightly-7")
    assert [r.kind for r in found.all] == ["start", "log", "finish"]
    for note in notes(found):
        assert note.fields is not None
        assert (note.fields["run"], note.fields["run_id"], note.message[:7]) == ("sh", "nightly-7", "run sh ")
    made = run("--as-run", "--", "true").stderr.decode().removeprefix("tailrace: run ").strip()
    assert len(delivered(redis_server.client(), prefix, f"run:{made}").all) == 2


def test_redis_being_down_changes_nothing_and_the_records_are_kept(run: Run, tmp_path: Path) -> None:
    done = run("--", "sh", "-c", "echo a; exit 3", url="redis://user:geheim@127.0.0.1:1/0")
    assert (done.returncode, done.stdout) == (3, b"a\n")
    assert b"geheim" not in done.stderr
    assert len(list((tmp_path / "spool").iterdir())) == 1


def test_records_come_while_the_command_runs(start: Start, redis_server: Server, prefix: str) -> None:
    process = start(*python("print('up'); print('ValueError: x'); print('no end', end='', flush=True); input()"))
    assert process.stdout is not None
    assert process.stdout.read(len(text := b"up\nValueError: x\nno end")) == text
    found = wait_for_records(redis_server.client(), prefix, "s", 3)
    assert found.messages[1:] == ["up", "ValueError: x"]
    process.communicate(b"\n")
    assert wait_for_records(redis_server.client(), prefix, "s", 5).messages[3] == "no end"


# It waits for a signal and for a line at once: one that came just before a read would be seen behind it only.
COUNTING = """
import os, select, signal, sys
signals, woken = os.pipe()
os.set_blocking(woken, False)
signal.set_wakeup_fd(woken)
for name in sys.argv[1].split():
    signal.signal(getattr(signal, name), lambda number, frame: None)
print("ready")
line = None
while line != b"":
    ready = select.select([0, signals], [], [])[0]
    if signals in ready:
        for number in os.read(signals, 100):
            print(signal.Signals(number).name)
    if 0 in ready:
        line = os.read(0, 1000)
        for word in line.split():
            print("read " + word.decode())
"""


def test_signals_are_handed_on(start: Start) -> None:
    names = "SIGTERM SIGINT SIGHUP SIGQUIT SIGUSR1 SIGUSR2 SIGWINCH"
    process = start(*python(COUNTING), names)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    for name in names.split():
        process.send_signal(getattr(signal, name))
        assert process.stdout.readline().decode().strip() == name
    assert process.communicate(b"x\n")[0] == b"read x\n"
    assert process.returncode == 0


def test_a_signal_that_is_ignored_is_not_handed_on(start: Start, environ: dict[str, str]) -> None:
    process = start(*python(COUNTING), "SIGHUP", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGHUP)
    assert process.communicate(b"x\n")[0] == b"read x\n"


def test_the_command_has_the_signals_of_a_fresh_process(run: Run) -> None:
    # Those above 31 are the C library's own.
    program = (
        "import re; print([int(mask, 16) & 0x7fffffff for mask in"
        " re.findall(r'Sig(?:Blk|Ign):\\s*(\\w+)', open('/proc/self/status').read())])"
    )
    alone = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    assert run(*python(program)).stdout == alone != b"[]\n"


def test_both_are_stopped_and_continued(start: Start, found: Found) -> None:
    process = start(*python("import os; print(os.getpid()); input(); print('over')"))
    assert process.stdout is not None
    pids = process.pid, int(process.stdout.readline())
    process.send_signal(signal.SIGTSTP)
    for pid in pids:
        wait_for(lambda pid=pid: state(pid) == "T", 10, f"{pid} to stop")  # type: ignore[misc]
    process.send_signal(signal.SIGCONT)
    assert process.communicate(b"\n")[0] == b"over\n"
    assert process.returncode == 0


def test_the_terminal_interrupts_the_command_once(environ: dict[str, str], redis_server: Server) -> None:
    terminal, other_end = pty.openpty()
    # The first terminal that the leader of a new session opens is the one that interrupts it.
    opened = ["sh", "-c", f'exec "$@" < {os.ttyname(other_end)} > {os.ttyname(other_end)} 2>&1', "sh"]
    command = [*opened, *TAILRACE, "--url", redis_server.url, *python(COUNTING), "SIGINT"]
    process = subprocess.Popen(command, env=environ, start_new_session=True)
    output = b""

    def has(text: bytes) -> bool:
        nonlocal output
        while select.select([terminal], [], [], 0)[0]:
            output += os.read(terminal, 1000)
        return text in output

    wait_for(lambda: has(b"ready"), 20, "the command")
    os.write(terminal, b"\x03")
    wait_for(lambda: has(b"SIGINT"), 20, "the interrupt")
    os.write(terminal, b"line\n")
    wait_for(lambda: has(b"read line"), 20, "the line")
    os.write(terminal, b"\x04")
    assert process.wait(60) == 0
    os.close(other_end)
    os.close(terminal)
    assert output.count(b"SIGINT") == 1


def test_a_reader_that_goes_ends_the_command_as_it_would_without_us(start: Start, found: Found) -> None:
    process = start("--", "yes")
    assert process.stdout is not None
    assert process.stdout.readline() == b"y\n"
    process.stdout.close()
    assert process.wait(60) == 128 + signal.SIGPIPE


def test_who_holds_the_outputs_after_the_commands_end_is_not_waited_for(start: Start, found: Found) -> None:
    process = start("--", "sh", "-c", "(echo behind; exec sleep 60) & echo $!")
    assert process.stdout is not None
    lines = [process.stdout.readline(), process.stdout.readline()]
    assert process.wait(30) == 0
    sleeper = next(int(line) for line in lines if line != b"behind\n")
    assert state(sleeper) == "S"
    os.kill(sleeper, signal.SIGKILL)
    assert {r.message for r in printed(found())} == {"behind", str(sleeper)}


def test_all_that_was_printed_before_the_end_arrives_however_slowly_it_is_read(start: Start, found: Found) -> None:
    process = start("--", "sh", "-c", "sleep 60 & seq 25000; exit 4")
    assert process.stdout is not None
    assert process.stdout.readline() == b"1\n"
    # The command has ended, and what it printed fills our pipe and its own for longer than others are waited for.
    wait_for(lambda: not children(process.pid), 20, "the command's end")
    time.sleep(DRAIN + 0.2)
    rest = process.stdout.read().split()
    assert rest[-1] == b"25000"
    assert process.wait(20) == 4
    os.killpg(process.pid, signal.SIGKILL)  # the one who sleeps
    assert [int(r.message) for r in printed(found())] == list(range(1, 25_001))


def test_lossless_holds_the_command_back_where_lines_would_be_shed(run: Run, found: Found) -> None:
    done = run("--lossless", "--quiet", "--", "seq", "40000", TAILRACE_SPOOL_MAX=str(1 << 20))
    assert done.returncode == 0
    assert [r.message for r in printed(found())] == [str(i) for i in range(1, 40_001)]
    assert sum(found().declared) == 0


def test_what_does_not_fit_is_counted_while_redis_is_down(
    environ: dict[str, str], own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server()
    server.kill()
    settings = {**environ, "TAILRACE_SPOOL_MAX": str(1 << 20), "TAILRACE_URL": server.url}
    script = "seq -f 'a line with some words in it %.0f' 20000; echo waiting; read x"
    command = [*TAILRACE, "--stream", "s", "--", "sh", "-c", script]
    with subprocess.Popen(command, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while process.stdout.readline() != b"waiting\n":
            pass
        server.start()
        wait_for_records(server.client(), prefix, "s", 20_002)
        process.communicate(b"\n")
    found = delivered(server.client(), prefix, "s")
    assert sum(found.declared) > 0
    # The agent's own word of the loss is a record, too.
    assert sum(found.declared) + sum("were shed" not in r.message for r in found.all) == 20_003


# What the agent in the child records and what it prints come through different ways, and each line arrives once.

INSIDE = """
import logging, sys, warnings
{before}
import tailrace
tailrace.install()
{after}
log = logging.getLogger("inside")
log.warning("logged")
print("printed")
print("printed to stderr", file=sys.stderr)
try:
    1/0
except ZeroDivisionError:
    log.exception("caught")
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("logging.basicConfig(format='%(message)s')", ""),
        ("", "logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))"),
        ("", ""),
    ],
    ids=["handler before the agent", "handler after the agent", "no handler"],
)
def test_an_agent_inside_does_not_double(run: Run, found: Found, before: str, after: str) -> None:
    done = run(*python(INSIDE.format(before=before, after=after)))
    everything = done.stdout + done.stderr
    assert b"tailrace" not in everything
    assert b"\x1b" not in everything
    for text in (b"logged\n", b"caught\nTraceback") if before or after else ():
        assert everything.count(text) == 1
    lines = sorted((r.source, r.message) for r in found().all if r.source != "sdk")
    assert lines == [
        ("logging", "caught"),
        ("logging", "logged"),
        ("stderr", "printed to stderr"),
        ("stdout", "printed"),
    ]


def test_what_an_agent_inside_captures_is_not_recorded_again(run: Run, found: Found) -> None:
    program = INSIDE.format(before="logging.basicConfig()", after="tailrace.install(capture_output=True)")
    done = run(*python(f"{program}\nimport os; os.write(1, b'past it\\n')\nraise ValueError('no')"))
    assert b"\x1b" not in done.stdout + done.stderr
    assert done.stderr.endswith(b"ValueError: no\n")
    assert sorted((r.source, r.message) for r in found().all if r.source != "sdk") == [
        ("logging", "caught"),
        ("logging", "logged"),
        ("logging", "uncaught exception: ValueError: no"),
        ("stderr", "printed to stderr"),
        ("stdout", "past it"),
        ("stdout", "printed"),
    ]


def test_what_an_agent_inside_prints_elsewhere_has_no_marks(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "log"
    program = INSIDE.format(before="logging.basicConfig()", after="import os; os.dup2(os.open(sys.argv[1], 65), 2)")
    assert run(*python(program), str(file)).returncode == 0
    text = file.read_text()
    assert "WARNING:inside:logged" in text
    assert "\x1b" not in text


# A wrapper within a wrapper, as where a unit and a script in it both have one.


@pytest.mark.parametrize("options", [(), ("--no-output",)], ids=["plain", "without output"])
def test_a_wrapper_within_a_wrapper_does_not_double(run: Run, found: Found, options: tuple[str, ...]) -> None:
    program = INSIDE.format(before="logging.basicConfig(format='%(message)s')", after="")
    done = run("--", *TAILRACE, *options, *python(f"{program}\nsys.exit(3)"))
    assert done.returncode == 3
    assert b"\x1b" not in done.stdout + done.stderr
    assert (done.stdout, done.stderr.count(b"logged\n")) == (b"printed\n", 1)
    assert sorted((r.source, r.message) for r in printed(found())) == [
        ("logging", "caught"),
        ("logging", "logged"),
        ("stderr", "printed to stderr"),
        ("stdout", "printed"),
    ]


def test_wrappers_of_two_streams_record_everything_each(
    run: Run, found: Found, redis_server: Server, prefix: str
) -> None:
    script = "echo a; echo b >&2; exit 4"
    done = run("--", *TAILRACE, "--stream", "t", "--", "sh", "-c", script)
    assert (done.returncode, done.stdout, done.stderr) == (4, b"a\n", b"b\n")
    for stream in (found(), delivered(redis_server.client(), prefix, "t")):
        assert sorted((r.source, r.message) for r in printed(stream)) == [("stderr", "b"), ("stdout", "a")]


def test_what_others_print_beside_the_inner_wrapper_is_recorded_by_the_outer_one(run: Run, found: Found) -> None:
    inner = " ".join(map(shlex.quote, [*TAILRACE, "--", "sh", "-c", "echo a; kill -TERM $$"]))
    done = run("--", "sh", "-c", f"echo before; {inner}; echo $?; exec {inner}")
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, b"before\na\n143\na\n")
    assert sorted(r.message for r in printed(found())) == ["143", "a", "a", "before"]


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()
