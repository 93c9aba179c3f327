"""Bad input and a hostile world, on the installed command: each row of what users will do.

A refused file means: exit 2, every fault with its place, nothing on standard output, no traceback.
"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import processes
import pytest
from corridors import SMALL, written
from processes import PATIENCE, TRANSSIB, at_work, begun, cost, ended, living, until
from soon import is_soon
from support import sampled

from sim.corridor.clock import COMPLETION, Clock
from sim.errors import SimulationError


def transsib(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command, however it ends."""
    return processes.transsib(*arguments, cwd=cwd, status=None)


def assert_refused(path: Path | str, *said: str, command: str = "check", options: Any = ()) -> str:
    """The message of a refused file; each of `said` must be in it."""
    done = transsib(command, path, *options)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for words in said:
        assert words in done.stderr, done.stderr
    return done.stderr


def changed(*replacements: tuple[str, str]) -> str:
    text = SMALL
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return text


# --- A scenario file ------------------------------------------------------------------------------


def test_missing_file(tmp_path: Path) -> None:
    assert_refused(tmp_path / "none.toml", "none.toml: no such file or bundled scenario")
    assert_refused("link-20k", "did you mean link-200k?")


def test_directory_pipe_and_device(tmp_path: Path) -> None:
    assert_refused(tmp_path, "is a directory")
    os.mkfifo(tmp_path / "pipe")
    assert_refused(tmp_path / "pipe", "not a regular file")
    assert_refused("/dev/zero", "not a regular file")


@pytest.mark.parametrize("text", ["", "# nothing\n\n"], ids=["empty", "comments"])
def test_empty(text: str, tmp_path: Path) -> None:
    assert_refused(written(tmp_path, text), "a scenario needs [demand]", "transsib init FILE")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (SMALL.encode("utf-16"), "is UTF-16: save it as UTF-8"),
        (b"title = \x00\x01\x02", "is binary"),
        ('title = "é"'.encode("latin-1"), ":1:10: byte 0xe9 is not UTF-8"),
    ],
    ids=["UTF-16", "binary", "latin-1"],
)
def test_other_encodings(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(data)
    assert_refused(tmp_path / "a.toml", said)


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(SMALL.encode("utf-8-sig"))
    assert transsib("check", tmp_path / "a.toml").returncode == 0


def test_syntax_error_has_a_place(tmp_path: Path) -> None:
    path = written(tmp_path, "[run]\ndays = = 3\n")
    assert_refused(path, f"{path}:2:8: not TOML: invalid value")


EXHAUSTING = [
    ("#" * 1_100_000, "larger than 1,000,000 bytes"),
    ("x = " + "[" * 100_000 + "]" * 100_000, "nested more than 32 deep"),
    ("a" + ".a" * 20_000 + " = 1", "nested more than 32 deep"),
    ("x = " + "9" * 5_000, "whole number of more than 256 bits"),
    ("x = 0x" + "f" * 5_000, "whole number of more than 256 bits"),
]


@pytest.mark.parametrize(
    ("text", "said"),
    sampled(EXHAUSTING, EXHAUSTING[::2]),
    ids=["over 1 MB", "brackets", "dotted key", "5,000 digits", "hexadecimal"],
)
def test_files_that_would_exhaust(text: str, said: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    assert_refused(path, said)
    found = cost("check", path)
    assert found.megabytes < 300
    assert is_soon(found.seconds, 2)


FAULTS: dict[str, tuple[str, str, str]] = {
    # what: (replaced, by, the fault); ¦ marks the place that must be told
    "misspelt key": (
        "capacity = 200 ", "¦capcity = 200 ",
        "routes.sea.stages.sailing.capcity: unknown key; did you mean capacity?",
    ),
    "missing key": (
        "[demand]\ncontainers_per_year = 20_000", "[¦demand]",
        "demand.containers_per_year: is required",
    ),
    "number as text": (
        "= 20_000", "= ¦'20000'", "demand.containers_per_year: must be a number (got '20000')",
    ),
    "boolean as number": (
        "= 20_000", "= ¦true", "demand.containers_per_year: must be a number (got true)",
    ),
    "date as number": (
        "= 20_000", "= ¦2001-07-01",
        "demand.containers_per_year: must be a number (got 2001-07-01)",
    ),
    "nan": (
        "max_wait_days = 3", "max_wait_days = ¦nan",
        "routes.rail.max_wait_days: must be between 0 and 1e+12 (got nan)",
    ),
    "inf": ("days = 60\nrep", "days = ¦inf\nrep", "run.days: must be a finite number (got inf)"),
    "-inf": (
        "every_days = 1", "every_days = ¦-inf",
        "routes.sea.stages.sailing.every_days: must be a finite number (got -inf)",
    ),
    "1e999": (
        "capacity = 10 ", "capacity = ¦1e999 ",
        "routes.rail.stages.trains.capacity: must be a whole number (got inf)",
    ),
    "negative time": (
        "days = [13, 18]", "days = ¦[-13, 18]",
        "routes.rail.stages.line.days: must be between 0 and 1e+12 (got -13)",
    ),
    "negative cost": (
        "max_wait_days = 3", "freight_usd = ¦-1",
        "routes.rail.freight_usd: must be at least 0 (got -1)",
    ),
    "negative capacity": (
        "capacity = 10 ", "capacity = ¦-3 ",
        "routes.rail.stages.trains.capacity: must be at least 1 (got -3)",
    ),
    "negative rate": (
        "= 8_000", "= ¦-1",
        "routes.rail.stages.trains.annual_capacity: must be at least 0 (got -1)",
    ),
    "low above high": (
        "[30, 40]", "¦[40, 30]",
        "routes.sea.stages.voyage.days: must rise: two figures [low, high] (got [40, 30])",
    ),
    "mode outside": (
        "[30, 40]", "¦{ pert = [30, 50, 40] }",
        "routes.sea.stages.voyage.days: must rise: pert = [low, mode, high] (got [30, 50, 40])",
    ),
    "negative warm-up": (
        "warmup_days = 60", "warmup_days = ¦-1", "run.warmup_days: must be at least 0 (got -1)",
    ),
    "zero days": ("days = 60\nrep", "days = ¦0\nrep", "run.days: must be greater than 0 (got 0)"),
    "negative days": (
        "days = 60\nrep", "days = ¦-5\nrep",
        "run.days: must be greater than 0 (got -5)",
    ),
    "seed -1": ("replications = 3", "seed = ¦-1", "run.seed: must be at least 0 (got -1)"),
    "seed 1.5": ("replications = 3", "seed = ¦1.5", "run.seed: must be a whole number (got 1.5)"),
    "seed true": (
        "replications = 3", "seed = ¦true",
        "run.seed: must be a whole number (got true)",
    ),
    "seed text": (
        "replications = 3", "seed = ¦'abc'", "run.seed: must be a whole number (got 'abc')",
    ),
    "share of 20": (
        'rule = "fastest"', 'rule = "share"\nshares = ¦{ rail = 20, sea = 80 }',
        "choice.shares: must sum to 1 (got 100); a share is a fraction: 5 % is 0.05",
    ),
    "shares short of 1": (
        'rule = "fastest"', 'rule = "share"\nshares = ¦{ rail = 0.1, sea = 0.8 }',
        "choice.shares: must sum to 1 (got 0.9)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_a_wrong_value_is_told_with_its_place(what: str, tmp_path: Path) -> None:
    old, new, fault = FAULTS[what]
    text = changed((old, new))
    before = text[: text.index("¦")].split("\n")
    path = written(tmp_path, text.replace("¦", ""))
    message = assert_refused(path, command="run", options=("--out", tmp_path / "out"))
    assert message == f"{path}:{len(before)}:{len(before[-1]) + 1}: {fault}\n"
    assert not (tmp_path / "out").exists()


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    several = [FAULTS[what][:2] for what in ("misspelt key", "nan", "zero days", "share of 20")]
    message = assert_refused(written(tmp_path, changed(*several).replace("¦", "")))
    assert len(message.splitlines()) == 4
    lines = [int(line.split(":")[1]) for line in message.splitlines()]
    assert lines == sorted(lines)


def test_without_spread_a_distribution_is_its_value(tmp_path: Path) -> None:
    text = changed(("[30, 40]", "[35, 35]"), ("[13, 18]", "{ gamma = { mean = 15, sd = 0 } }"))
    figures = metrics(transsib("run", written(tmp_path, text), "--json", "--jobs", "1"))
    assert figures["rail.door_to_door_mean"] == pytest.approx(15 + figures["rail.wait_mean"])


def metrics(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["metrics"]
    return {f"{r['route']}.{r['metric']}": r["mean"] for r in rows if r["part"] == "all"}


def test_zero_demand(tmp_path: Path) -> None:
    path = written(tmp_path, changed(("= 20_000", "= 0")))
    figures = metrics(transsib("run", path, "--json", "--jobs", "1"))
    assert figures["all.throughput"] == 0
    assert figures["all.share"] is None
    assert figures["rail.load_factor"] == 0
    assert figures["rail.door_to_door_mean"] is None


def test_closed_routes(tmp_path: Path) -> None:
    path = written(tmp_path, changed(("max_wait_days = 3", "closed = true")))
    figures = metrics(transsib("run", path, "--json", "--jobs", "1"))
    assert (figures["rail.share"], figures["all.unserved"]) == (0, 0)
    nothing = ("--set", "routes.sea.stages.sailing.every_days=1", "--set", "routes.sea.closed=true")
    done = transsib("run", path, "--json", "--jobs", "1", *nothing)
    assert metrics(done)["all.unserved"] > 19_000
    assert "all containers are unserved" in done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("= 8_000", "= 200"),
            "200 containers a year is 0.55 a day; a train holds 10: one departure",
        ),
        (("[13, 18]", "360"), "360 days is 12 months of transit"),
        (("days = 60\nrep", "days = 1\nrep"), ""),
    ],
    ids=["unit slip of capacity", "unit slip of days", "none"],
)
def test_unit_slips_are_warnings_and_errors_when_strict(
    change: tuple[str, str], words: str, tmp_path: Path
) -> None:
    path = written(tmp_path, changed(change))
    done = transsib("check", path)
    assert words in " ".join(done.stdout.split())
    assert done.returncode == 0
    assert transsib("check", path, "--strict").returncode == (2 if words else 0)


def test_too_few_days_for_a_trip_run_with_a_warning(tmp_path: Path) -> None:
    few = changed(("warmup_days = 60\ndays = 60", "warmup_days = 0\ndays = 9"))
    done = transsib("run", written(tmp_path, few), "--json", "--jobs", "1")
    assert "nothing can arrive" in done.stderr
    assert metrics(done)["all.throughput"] == 0


def test_demand_above_all_capacity(tmp_path: Path) -> None:
    text = changed(("= 20_000", "= 100_000"), ("max_wait_days = 3", ""))
    done = transsib("run", written(tmp_path, text), "--json", "--jobs", "1")
    assert "there is no steady state, the backlog grows by 19,000 containers a year" in done.stderr
    figures = metrics(done)
    assert figures["rail.wait_mean"] is None
    assert figures["rail.throughput"] == pytest.approx(8_000, rel=0.02)
    assert "no steady state" in transsib("run", tmp_path / "small.toml", "--jobs", "1").stdout


@pytest.mark.parametrize(
    ("extends", "said"),
    [
        ('"gone.toml"', "no such file: 'gone.toml'"),
        ('"a.toml"', "goes in a circle: a.toml > a.toml"),
        ('"b.toml"', "goes in a circle: a.toml > b.toml > a.toml"),
        ('"../outside.toml"', "must stay in the scenario's folder"),
        ('"/etc/passwd"', "must stay in the scenario's folder"),
        ('"https://example.org/a.toml"', "not an address"),
        ("3", "must be the name of a scenario file (got 3)"),
    ],
)
def test_extends_that_lead_nowhere(extends: str, said: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    written(tmp_path, SMALL, "outside")
    written(folder, 'extends = "a.toml"\n', "b")
    assert_refused(written(folder, f"extends = {extends}\n", "a"), said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["routes.rail.stages.trains.capcity=3"], "no 'capcity' here; did you mean capacity?"),
        (["routes.rail.max_wait_days=-1"], "must be between 0"),
        (["run.days=5", "run.days=6"], "is said twice"),
        (["run.days"], "must be PATH=VALUE"),
        (["run.days=[1,"], "neither TOML nor a word"),
        (["run.days=1\nseed=3"], "neither TOML nor a word"),
        (["routes.new.freight_usd=3"], "no 'new' here"),
        (["run.start=2001-02-30"], "a date such as 2001-01-01, without quotes and time (got '2001"),
        (["run.start=01.01.2001"], "a date such as 2001-01-01, without quotes and time (got '01."),
        (["run.days=2001-02-30"], "must be a number (got '2001-02-30')"),
    ],
)
def test_options_that_set_nothing(options: list[str], said: str, tmp_path: Path) -> None:
    said_so = [word for option in options for word in ("--set", option)]
    message = assert_refused(written(tmp_path, SMALL), said, options=said_so)
    assert message.startswith("--set: ")


@pytest.mark.parametrize(
    "options",
    [
        ["--replications", "1000000000"],
        ["--set", "demand.containers_per_year=1e9"],
        ["--set", "run.days=1e11"],
        ["--set", "choice.posted_every_hours=1e-9"],
        ["--set", "routes.rail.stages.trains.annual_capacity=1e12"],
    ],
)
def test_what_takes_hours_or_gigabytes_is_refused(options: list[str], tmp_path: Path) -> None:
    assert_refused(
        written(tmp_path, SMALL), "this would take", "--yes", command="run", options=options
    )


def test_a_big_seed_is_accepted_and_none_is_1(tmp_path: Path) -> None:
    path, small = written(tmp_path, SMALL), ("--replications", "1", "--jobs", "1", "--json")
    big = transsib("run", path, "--seed", str(2**200), *small)
    assert json.loads(big.stdout)["seed"] == 2**200
    assert (
        transsib("run", path, *small).stdout == transsib("run", path, "--seed", "1", *small).stdout
    )


# --- The command line and its surroundings --------------------------------------------------------


@pytest.mark.parametrize("option", ["--jobs", "--replications"])
@pytest.mark.parametrize("value", ["0", "-1", "x"])
def test_counts_that_are_none(option: str, value: str, tmp_path: Path) -> None:
    assert transsib("run", written(tmp_path, SMALL), option, value).returncode == 2


def test_more_jobs_than_replications(tmp_path: Path) -> None:
    done = transsib("run", written(tmp_path, SMALL), "--jobs", "1000000", "--replications", "1")
    assert done.returncode == 0
    assert "there are 1 replications, so as many jobs" in done.stderr
    assert "one replication, so no intervals" in done.stdout
    assert "±" not in done.stdout


@pytest.mark.parametrize("text", ["2.5", "1,000", "-1", "many", "9" * 5_000])
def test_a_number_of_replications_that_is_none(text: str, tmp_path: Path) -> None:
    done = transsib("run", written(tmp_path, SMALL), f"--replications={text}")
    assert (done.returncode, done.stdout) == (2, "")
    said = f"'--replications': must be a whole number, at least 1 (got '{text[:50]}"
    assert said in done.stderr
    assert len(done.stderr) < 300


@pytest.mark.parametrize("verb", ["run", "sweep"])
def test_what_it_takes_is_told_in_json_too(verb: str, tmp_path: Path) -> None:
    vary = ["--vary", "routes.rail.freight_usd=1,2"] if verb == "sweep" else []
    done = transsib(verb, written(tmp_path, SMALL), *vary, "--dry-run", "--json", "--jobs", "1")
    told = json.loads(done.stdout)
    assert (told["scenarios"], told["replications"]) == ((2, 6) if vary else (1, 3))
    assert 0 < told["seconds"] < 5
    assert 1e5 < told["disk_bytes"] < told["memory_bytes"] < 1e9
    said = transsib(verb, written(tmp_path, SMALL), *vary, "--dry-run", "--jobs", "1").stdout
    assert said.startswith(f"{told['replications']} replications of {told['scenarios']} scenario")
    assert "on 1 job: about 1 second, 0.1 GB" in said


@pytest.mark.parametrize(
    "environment", [{}, {"TERM": "dumb"}, {"NO_COLOR": "1"}], ids=["none", "dumb", "no colour"]
)
def test_no_terminal_no_codes(environment: dict[str, Any], tmp_path: Path) -> None:
    command = [TRANSSIB, "run", str(written(tmp_path, SMALL)), "--jobs", "1"]
    done = ended(command, env=os.environ | environment)
    assert "\x1b" not in done.stdout + done.stderr
    assert "━" not in done.stderr


@pytest.mark.parametrize(
    ("options", "bar", "codes"),
    [((), True, True), (("--quiet",), False, True), ((), False, False)],
    ids=["bar", "quiet", "dumb"],
)
def test_on_a_terminal(options: tuple[str, ...], bar: bool, codes: bool, tmp_path: Path) -> None:
    environment = {"TERM": "xterm" if codes else "dumb"}
    command = ("run", str(written(tmp_path, SMALL)), "--jobs", "1", *options)
    text = on_a_terminal(*command, environment=environment)
    assert ("simulating" in text) == bar
    assert ("\x1b[" in text) == codes


def on_a_terminal(*command: str, environment: Mapping[str, str]) -> str:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [TRANSSIB, *command], stdout=theirs, stderr=theirs, stdin=theirs,
        env=os.environ | dict(environment),
    )  # fmt: skip
    os.close(theirs)
    read = b""
    while select.select([ours], [], [], PATIENCE)[0]:
        try:
            new = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        read += new
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    return read.decode()


@pytest.mark.parametrize(
    ("tail", "status"),
    [("| head -1", 141), ("| true", 141), (">&-", 4), ("> /dev/full", 4)],
    ids=["head", "true", "closed", "full"],
)
@pytest.mark.parametrize(
    "verb",
    [
        "check link-200k today open-queue --ledger",
        pytest.param("check today --json", marks=pytest.mark.slow),
    ],
)
def test_standard_output_that_takes_nothing(verb: str, tail: str, status: int) -> None:
    # Python sees a closed pipe only when it writes more than the pipe has taken: hence or 0.
    script = f"set -o pipefail; '{TRANSSIB}' {verb} {tail}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    allowed = {status, 0} if "head" in tail else {status}
    assert done.returncode in allowed, done
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_spaces_quotes_and_unicode_in_paths(tmp_path: Path) -> None:
    folder = tmp_path / "a b 'c' \"d\" é"
    folder.mkdir()
    path = written(folder, SMALL, "my «link» 1")
    done = transsib(
        "run", path, "--replications", "1", "--no-pictures", "--out", folder / "out put"
    )
    assert done.returncode == 0, done.stderr
    assert transsib("plot", folder / "out put", "--only", "shares").returncode == 0
    assert (folder / "out put" / "shares.png").exists()
    assert transsib("show", folder / "out put").stdout == done.stdout
    assert (folder / "out put" / "scenarios" / "my «link» 1.toml").exists()


def test_words_of_a_scenario_command_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, 'title = "[bold red]no[/] [link=x]"\n' + SMALL)
    assert "[bold red]no[/] [link=x]" in transsib("check", path).stdout
    escape = written(tmp_path, 'title = "\\u001b[31m"\n["\\u001b]0;x"]\n' + SMALL, "escape")
    assert "\x1b" not in assert_refused(
        escape, "title: must not hold line breaks or control characters"
    )


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A long run on two processes, in a group of its own, that has begun to simulate."""
    text = changed(("= 20_000", "= 400_000"), ("= 8_000", "= 100_000"))
    command = ["run", str(written(tmp_path, text)), "--replications", "5000", "--jobs", "2"]
    with begun(*command, "--out", tmp_path / "out") as process:
        until(lambda: len(at_work(process.pid)) == 2)
        time.sleep(1)
        yield process


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@needs_proc
@pytest.mark.parametrize(
    ("number", "to_group", "status", "said"),
    [
        pytest.param(signal.SIGINT, False, 130, "interrupted", marks=pytest.mark.slow),
        (signal.SIGINT, True, 130, "interrupted"),
        (signal.SIGTERM, False, 143, "terminated"),
    ],
    ids=["Ctrl-C", "Ctrl-C of a terminal", "terminated"],
)
def test_a_run_that_is_stopped_ends_soon_and_leaves_no_process(
    number: signal.Signals, to_group: bool, status: int, said: str,
    running: subprocess.Popen[str], tmp_path: Path,
) -> None:  # fmt: skip
    group = running.pid
    if to_group:
        os.killpg(group, number)
    else:
        running.send_signal(number)
    _, error = running.communicate(timeout=PATIENCE)
    assert running.returncode == status, error
    assert said in error
    assert "Traceback" not in error
    until(lambda: not living(group))  # also the one that workers are forks of
    assert transsib("show", tmp_path / "out").returncode == 3, "what ended is kept"


def test_terminated_with_one_job(tmp_path: Path) -> None:
    command = [TRANSSIB, "run", "link-500k", "--replications", "500", "--jobs", "1"]
    process = subprocess.Popen(
        [*command, "--out", tmp_path / "out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until((tmp_path / "out").is_dir)  # made just before the first replication
    time.sleep(1)
    process.terminate()
    output, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 143, error
    assert output == b""


@pytest.mark.parametrize("kind", ["file", "foreign folder"])
def test_output_that_is_not_ours(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("letter")
    else:
        out.mkdir()
        (out / "letter").write_text("dear")
    done = transsib("run", written(tmp_path, SMALL), "--out", out)
    assert done.returncode == 4
    assert done.stdout == ""
    assert (out if kind == "file" else out / "letter").exists()


# --- Time that does not pass ----------------------------------------------------------------------


def test_a_process_that_makes_no_progress_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.corridor.clock.MOST_EVENTS_AT_ONCE", 1000)
    clock = Clock()

    def broken() -> Any:
        yield clock.at(2.5, COMPLETION)
        while True:
            yield clock.at(clock.now, COMPLETION)

    clock.follow(broken())
    with pytest.raises(SimulationError, match=r"no progress in time after 1001 events at day 2\.5"):
        clock.run_to(10)


@pytest.mark.parametrize("days", [float("nan"), float("inf"), -1.0])
def test_an_impossible_delay_is_refused(days: float) -> None:
    with pytest.raises(SimulationError, match="an event at day"):
        Clock().at(days, COMPLETION)
