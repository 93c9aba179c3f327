"""What a study keeps, whatever happens to it: each row of faults on disk, through the command."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from corridors import loaded, pair
from processes import PATIENCE, TRANSSIB, at_work, begun, ended, kept, living, transsib, until
from soon import is_soon

import sim
from sim.errors import IncompleteError, ResultsError
from sim.experiments.opening import JOURNAL
from sim.experiments.solve import frontier
from sim.experiments.store import FILE, load_results, save
from sim.experiments.tasks import Failure, Outcome, Task
from sim.experiments.workers import RETRIES, Watched, workers
from sim.results.metrics import Measures
from sim.scenario.fields import Named

SOON = 5
"""Seconds after which an interrupted run must have ended."""

KILLS = int(os.environ.get("TRANSSIB_KILLS", "10"))
REPLICATIONS = 8

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two scenarios of which a replication takes some hundredths of a second."""
    files = pair(tmp_path_factory.mktemp("scenarios"))
    for path in map(Path, files):
        text = path.read_text("utf-8").replace("= 100_000", "= 33_000")
        path.write_text(text.replace("= 300_000", "= 100_000"), "utf-8")
    return files


def command(files: list[str], out: Path, *options: str) -> list[str]:
    number = ["--replications", str(REPLICATIONS), "--jobs", "2", "--json"]
    return ["compare", *files, *number, "--out", str(out), "--no-pictures", *options]


def finished(files: list[str], out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command in one process, to its end."""
    return transsib(*command(files, out, "--jobs", "1", *options), status=None)


@pytest.fixture(scope="module")
def undisturbed(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> sim.Results:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    done = finished(files, out)
    assert done.returncode == 0, done.stderr
    assert {each.name for each in out.iterdir()} == {".lock", FILE, "scenarios"}, "no pictures"
    return load_results(out)


def assert_as(undisturbed: sim.Results, out: Path) -> None:
    """Metric for metric, to the bit, and each replication once."""
    found = load_results(out)
    assert found.measures == undisturbed.measures
    assert found.provenance == undisturbed.provenance
    assert kept(out) == 2 * REPLICATIONS


@linux
def test_killed_at_any_moment_and_run_again(
    files: list[str], undisturbed: sim.Results, tmp_path: Path
) -> None:
    chance, folders = random.Random(2001), 0
    out, groups = tmp_path / "0", []
    for _ in range(KILLS):
        before = kept(out)
        if before == 2 * REPLICATIONS:
            assert_as(undisturbed, out)
            folders += 1
            out, before = tmp_path / str(folders), 0
        with begun(*command(files, out)) as process:
            if chance.random() < 0.7:  # while it works; else perhaps while it begins
                until(lambda: kept(out) > before or process.poll() is not None)  # noqa: B023
            time.sleep(chance.uniform(0, 0.7))
            process.kill()
            groups.append(process.pid)
        for name, replications in _readable(out).items():
            for number, measures in replications.items():
                assert measures == undisturbed.measures[name][number]
    done = finished(files, out)
    assert done.returncode == 0, done.stderr
    assert_as(undisturbed, out)
    until(lambda: not any(living(group) for group in groups))


def _readable(out: Path) -> Mapping[str, Mapping[int, Measures]]:
    """What a killed run left: whole, or nothing yet."""
    try:
        return load_results(out).measures
    except IncompleteError:
        return {}
    except ResultsError as error:
        if "no results here" not in str(error):
            raise
        return {}


def journal(whole: bytes, pages: int, *, names: bytes = b"") -> bytes:
    """What stays beside a file when SQLite is killed while it changes the first page."""
    page, nonce = int.from_bytes(whole[16:18]), 7
    checksum = nonce + sum(whole[page - 200 : 0 : -200])
    header = JOURNAL + struct.pack(">5I", 1, nonce, pages, 512, page)
    found = header.ljust(512, b"\0") + struct.pack(">I", 1) + whole[:page]
    found += struct.pack(">I", checksum)
    if names:
        where = 2**30 // page + 1
        found += struct.pack(">I", where) + names + struct.pack(">2I", len(names), sum(names))
        found += JOURNAL
    return found


@pytest.fixture
def changing(tmp_path: Path) -> tuple[Path, bytes, sim.Results]:
    """A file that SQLite was about to write in another way, as it was before, and its results."""
    out = tmp_path / "out"
    results = sim.run(loaded(tmp_path), replications=2, jobs=1, out=out)
    whole = (out / FILE).read_bytes()
    (out / FILE).write_bytes(whole[:18] + b"\2\2" + whole[20:])
    return out / FILE, whole, results


@pytest.mark.parametrize("goes_on", [False, True])
def test_killed_while_it_changed_how_the_file_is_written(
    goes_on: bool, changing: tuple[Path, bytes, sim.Results]
) -> None:
    file, whole, results = changing
    beside = file.with_name(f"{FILE}-journal")
    beside.write_bytes(journal(whole, len(whole) // int.from_bytes(whole[16:18])))
    if goes_on:
        found = sim.run(results.scenarios, replications=3, jobs=1, out=file.parent)
        assert {n: found.measures["small"][n] for n in range(2)} == results.measures["small"]
    else:
        assert load_results(file.parent).measures == results.measures
        assert file.read_bytes() == whole
    assert not beside.exists()


@pytest.mark.parametrize("harm", ["removes another", "begins otherwise", "lengthens", "is foreign"])
def test_a_journal_that_is_not_as_ours_changes_nothing(
    harm: str, changing: tuple[Path, bytes, sim.Results], tmp_path: Path
) -> None:
    file, whole, _ = changing
    victim, pages = tmp_path / "letter", len(whole) // int.from_bytes(whole[16:18])
    victim.write_text("dear")
    beside = file.with_name(f"{FILE}-journal")
    naming = journal(whole, pages, names=str(victim).encode())
    if harm == "removes another":
        beside.write_bytes(naming)
    elif harm == "begins otherwise":  # SQLite looks for the name before it looks at the beginning
        beside.write_bytes(b"\1" + naming[1:])
    elif harm == "lengthens":
        beside.write_bytes(journal(whole, pages * 1_000))
    else:
        beside.write_bytes(journal(whole, pages))
        file.write_bytes(file.read_bytes()[:68] + b"mine" + whole[72:])
    before = file.read_bytes()
    with pytest.raises(ResultsError, match="damaged"):
        load_results(file.parent)
    assert victim.read_text() == "dear"
    assert file.read_bytes() == before
    assert beside.exists()


@linux
@pytest.mark.parametrize(
    ("number", "status", "said", "jobs"),
    [(signal.SIGINT, 130, "interrupted", "2"), (signal.SIGTERM, 143, "terminated", "1")],
)
def test_stopped_and_gone_on(
    number: int, status: int, said: str, jobs: str,
    files: list[str], undisturbed: sim.Results, tmp_path: Path,
) -> None:  # fmt: skip
    out = tmp_path / "out"
    with begun(*command(files, out, "--jobs", jobs)) as process:
        until(lambda: kept(out) >= 3)
        process.send_signal(number)
        stopped = time.monotonic()
        output, error = process.communicate(timeout=PATIENCE)
        assert is_soon(time.monotonic() - stopped, SOON)
    until(lambda: not living(process.pid))  # also the one that cleans up after others
    assert (process.returncode, output) == (status, "")
    there = kept(out)
    assert f"{said}; {there} of {2 * REPLICATIONS} replications are kept in {out}" in error
    assert "the same command goes on from there" in error
    shown = transsib("show", out, status=3)
    assert f"of {REPLICATIONS} replications" in shown.stderr
    done = finished(files, out)
    assert f"{there} of {2 * REPLICATIONS} replications were kept before" in done.stderr
    assert_as(undisturbed, out)


@linux
def test_a_worker_that_is_killed_is_replaced(
    files: list[str], undisturbed: sim.Results, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with begun(*command(files, out)) as process:
        until(lambda: kept(out) >= 2)
        os.kill(at_work(process.pid)[0], signal.SIGKILL)
        _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, error
    assert_as(undisturbed, out)


class Deadly(Task):
    """A task in which the process always dies."""

    def run(self) -> Outcome:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("dead")


class Wrong(Task):
    """A task that ends in an error which cannot be sent."""

    def run(self) -> Outcome:
        class LocalError(Exception):
            pass

        raise LocalError("wrong")


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_task_that_kills_its_process_is_tried_thrice_and_harms_nobody(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    tasks = [Task(scenario, 0), Deadly(scenario, 1), Wrong(scenario, 2), Task(scenario, 3)]
    with workers(2) as crew:
        assert isinstance(crew, Watched)
        found = list(crew.finished(tasks))
    outcomes = dict(found)
    assert len(found) == 4, "none comes twice"
    for number in (0, 3):
        outcome = outcomes[tasks[number]]
        assert isinstance(outcome, Outcome)
        assert outcome.measures == Task(scenario, number).run().measures
    assert outcomes[tasks[1]] == Failure(f"its process died {RETRIES + 1} times (out of memory?)")
    assert outcomes[tasks[2]] == Failure("LocalError: wrong")


@linux
def test_the_disk_fills(files: list[str], undisturbed: sim.Results, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = ended([TRANSSIB, *command(files, out, "--jobs", "1")], preexec_fn=little)
    assert done.returncode == 4, done.stderr
    assert "cannot be written" in done.stderr
    assert (
        f"{kept(out)} of {2 * REPLICATIONS} replications are kept in {out}; the same command"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
    assert 0 < kept(out) < 2 * REPLICATIONS
    assert load_results(out).names == ("one", "other")
    assert finished(files, out).returncode == 0
    assert_as(undisturbed, out)


@linux
def test_nowhere_to_print_and_yet_kept(
    files: list[str], undisturbed: sim.Results, tmp_path: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [TRANSSIB, *command(files, tmp_path / "out", "--jobs", "1")], stdout=full,
            stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert_as(undisturbed, tmp_path / "out")


@linux
def test_two_runs_on_one_folder(files: list[str], undisturbed: sim.Results, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with begun(*command(files, out, "--jobs", "1")) as first:
        until(lambda: kept(out) >= 1)
        first.send_signal(signal.SIGSTOP)  # however long the second takes to begin
        second = finished(files, out)
        first.send_signal(signal.SIGCONT)
        assert second.returncode == 4
        said = second.stderr.splitlines()[-1]
        assert said == f"{out}: another run writes here (process {first.pid})"
        _, error = first.communicate(timeout=PATIENCE)
    assert first.returncode == 0, error
    assert_as(undisturbed, out)


@linux
def test_a_goal_seek_takes_no_folder_of_a_study(
    files: list[str], undisturbed: sim.Results, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    seek = [
        "solve", files[0], "--target", "rail.share=0.3",
        "--by", "routes.rail.stages.trains.annual_capacity", "--out", str(out),
    ]  # fmt: skip
    with begun(*command(files, out, "--jobs", "1")) as first:
        until(lambda: kept(out) >= 1)
        first.send_signal(signal.SIGSTOP)
        while_it_runs = transsib(*seek, status=4)
        first.kill()
    killed = transsib(*seek, status=4)
    said = [each.stderr.splitlines()[-1] for each in (while_it_runs, killed)]
    assert said[0] == f"{out}: another run writes here (process {first.pid})"
    assert said[1] == f"{out}: holds a study; name another folder"
    assert finished(files, out).returncode == 0
    assert_as(undisturbed, out)


@linux
def test_what_a_killed_run_left_beside_its_file_is_not_in_a_new_one(
    files: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with begun(*command(files, out, "--jobs", "1")) as first:
        until(lambda: kept(out) >= 1)
        first.kill()
        first.wait()
    assert (out / f"{FILE}-wal").exists()
    (out / FILE).unlink()
    other = finished(files, out, "--seed", "7")
    assert other.returncode == 0, other.stderr
    assert {scenario.run.seed for scenario in load_results(out).scenarios} == {7}
    assert kept(out) == 2 * REPLICATIONS


@linux
def test_who_reads_while_a_run_writes_sees_whole_pairs(
    files: list[str], undisturbed: sim.Results, tmp_path: Path
) -> None:
    import pandas as pd

    out, seen = tmp_path / "out", set()
    with begun(*command(files, out, "--jobs", "1")) as process:
        while process.poll() is None:
            found = _readable(out)
            if found:
                seen.add(len(found["one"]))
                assert found["one"].keys() == found["other"].keys()
                for number, measures in found["one"].items():
                    assert measures == undisturbed.measures["one"][number]
                with contextlib.closing(sqlite3.connect(out / FILE)) as database:
                    rows = pd.read_sql("SELECT * FROM rows WHERE metric = 'share'", database)
                assert rows.groupby(["scenario", "route", "part"])["replication"].nunique().max()
            time.sleep(0.1)
    assert len(seen) >= 2, "it was read in the middle"
    assert_as(undisturbed, out)


# --- Asked again, by Python -----------------------------------------------------------------------


def test_more_replications_are_added_to_the_old(tmp_path: Path) -> None:
    scenario, out = loaded(tmp_path), tmp_path / "out"
    told: list[tuple[int, int]] = []
    first = sim.run(scenario, replications=3, jobs=1, out=out)
    more = sim.run(
        scenario, replications=5, jobs=1, out=out, progress=lambda *each: told.append(each)
    )
    assert told == [(3, 5), (4, 5), (5, 5)], "only the new ones are simulated"
    assert {n: more.measures["small"][n] for n in range(3)} == first.measures["small"]
    assert more.measures == sim.run(scenario, replications=5, jobs=1).measures
    fewer = sim.run(scenario, replications=2, jobs=1, out=out)
    assert fewer.measures == more.measures, "what is there is not given away"
    assert load_results(out).measures == more.measures


def test_another_scenario_is_added_to_a_comparison(tmp_path: Path) -> None:
    base, out = loaded(tmp_path), tmp_path / "out"
    bigger = base.with_changes({"demand.containers_per_year": 30_000}, name="bigger")
    biggest = base.with_changes({"demand.containers_per_year": 40_000}, name="biggest")
    sim.compare([base, bigger], replications=2, jobs=1, out=out)
    found = sim.compare([base, bigger, biggest], replications=2, jobs=1, out=out)
    assert load_results(out).names == ("small", "bigger", "biggest")
    assert found.measures == load_results(out).measures
    with pytest.raises(ResultsError, match="without biggest now"):
        sim.compare([base, bigger], replications=2, jobs=1, out=out)


def test_what_is_there_of_many_scenarios_is_said_in_a_line(tmp_path: Path) -> None:
    base, out = loaded(tmp_path), tmp_path / "out"
    freights = {f"freight {usd}": {"routes.rail.freight_usd": usd} for usd in range(1_000, 1_007)}
    some = [base.with_changes(changes, name=name) for name, changes in freights.items()]

    def stopped_after(most: int) -> None:
        def stop(done: int, _: int) -> None:
            if done == most:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            sim.compare(some, replications=2, jobs=1, out=out, progress=stop)

    stopped_after(3)
    with pytest.raises(IncompleteError, match=r"ended yet in all of 7 scenarios \(3 in some\)"):
        load_results(out)
    stopped_after(9)
    shown = transsib("show", out, status=3)
    assert shown.stderr.splitlines() == [
        "not finished; the same command goes on:", "7 scenarios: 7 of 14 replications",
    ]  # fmt: skip


def test_what_was_changed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, out = loaded(tmp_path), tmp_path / "out"
    first = sim.run(base, replications=2, jobs=1, out=out)

    def refused(scenario: sim.Scenario, said: str) -> None:
        before = (out / FILE).read_bytes()
        with pytest.raises(ResultsError, match=said):
            sim.run(scenario, replications=2, jobs=1, out=out)
        assert load_results(out).measures
        assert (out / FILE).read_bytes() == before

    refused(base.with_changes({"run.seed": 9}), r"small: run\.seed: \d+ then, 9 now")
    capacity = {"routes.rail.stages.trains.capacity": 7}
    refused(base.with_changes(capacity), r"small: routes\.rail\.stages\.trains\.capacity: .* 7 now")
    refused(base.with_changes({}, name="else"), "without small now")
    rail = base.routes["rail"]
    turned = rail.model_copy(update={"stages": Named(reversed([*rail.stages.items()]))})
    routes = Named({**base.routes, "rail": turned})
    refused(base.model_copy(update={"routes": routes}), "small: the order of stages, .* or phases")
    titled = base.with_changes({"title": "A word", "run.confidence": 0.9})
    assert sim.run(titled, replications=2, jobs=1, out=out).interval is not None
    assert load_results(out).scenario().title == "A word"
    made = {**first.provenance, "numpy": "1.0"}
    monkeypatch.setattr("sim.experiments.study.made_by", lambda: made)
    refused(base, r"numpy: .* then, 1\.0 now")


def test_another_kind_of_study_is_named(tmp_path: Path) -> None:
    base, out = loaded(tmp_path), tmp_path / "out"
    other, first = (base.with_changes({}, name=name) for name in ("other", "first"))
    sim.compare([base, other], replications=2, jobs=1, out=out)
    said = "a comparison then, single runs now; without small now; without other now; with first"
    with pytest.raises(ResultsError, match=rf"\({said} now\)"):
        sim.run(first, replications=2, jobs=1, out=out)
    with pytest.raises(ResultsError, match="a comparison then, one more of everything now"):
        sim.one_more(base, replications=2, jobs=1, out=out)
    freights = {"routes.rail.freight_usd": [1_000, 2_000]}
    with pytest.raises(ResultsError, match="a comparison then, a sweep now"):
        sim.sweep(base, freights, replications=2, jobs=1, out=out)
    slots = "routes.rail.stages.trains.annual_capacity"
    sought = frontier(base, target={"rail.share": 0.4}, by=slots, replications=2, jobs=1)
    save(sought, tmp_path / "sought")
    with pytest.raises(ResultsError, match="a goal seek then, single runs now"):
        sim.run(base, replications=2, jobs=1, out=tmp_path / "sought")


def test_a_changed_byte_is_found_or_harms_nothing(tmp_path: Path) -> None:
    out, chance = tmp_path / "out", random.Random(7)
    whole = sim.run(loaded(tmp_path), replications=3, jobs=1, out=out)
    data, noticed = (out / FILE).read_bytes(), 0
    for place in chance.sample(range(100, len(data)), 150):
        flipped = bytearray(data)
        flipped[place] ^= 1 << chance.randrange(8)
        (out / FILE).write_bytes(bytes(flipped))
        try:
            found = load_results(out)
        except ResultsError:
            noticed += 1
        else:
            assert found.measures == whole.measures
            assert found.scenarios == whole.scenarios
            assert found.provenance == whole.provenance
    assert noticed > 20


def test_changed_rows_are_named_and_nothing_is_added_to_them(tmp_path: Path) -> None:
    out = tmp_path / "out"
    scenario = loaded(tmp_path)
    sim.run(scenario, replications=3, jobs=1, out=out)
    with contextlib.closing(sqlite3.connect(out / FILE)) as database, database:
        database.execute(
            "UPDATE rows SET value = value + 1 WHERE replication = 1 AND metric = 'throughput'"
        )
    said = "rows of small, replication 1, are missing or changed"
    with pytest.raises(ResultsError, match=said):
        load_results(out)
    with pytest.raises(ResultsError, match=said):
        sim.run(scenario, replications=4, jobs=1, out=out)
    shown = transsib("show", out, status=4)
    assert shown.stdout == ""
    assert "replication 1" in shown.stderr


def test_rows_as_csv(tmp_path: Path) -> None:
    import io

    import pandas as pd

    out = tmp_path / "out"
    results = sim.run(loaded(tmp_path), replications=2, jobs=1, out=out)
    shown = transsib("show", out, "--csv")
    table = pd.read_csv(io.StringIO(shown.stdout))
    expected = results.replications()
    assert list(table.columns) == list(expected.columns)
    assert table["value"].tolist() == pytest.approx(expected["value"].tolist(), nan_ok=True, rel=0)
