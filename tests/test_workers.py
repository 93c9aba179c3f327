"""Workers begin as forks of one process that has imported the program that asks."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from corridors import SMALL, loaded, written
from processes import TRANSSIB, ended

import sim
from sim.experiments.tasks import Failure, Task
from sim.experiments.workers import workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they begin from nothing")


class Parent(Task):
    """A task that tells of which process its worker is a fork."""

    def run(self) -> Failure:  # type: ignore[override]
        return Failure(str(os.getppid()))


def test_all_that_a_process_ever_has_are_forks_of_one(tmp_path: Path) -> None:
    scenario, parents = loaded(tmp_path), set()
    for _ in range(2):
        with workers(2) as crew:
            parents |= {told for _, told in crew.finished([Parent(scenario, n) for n in range(4)])}
    (parent,) = parents
    assert isinstance(parent, Failure)
    assert parent.error != str(os.getpid())


SCRIPT = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
sys.path.append(pathlib.Path())  # which Python passes over
import sim
sim.run(sim.load_scenario(sys.argv[2]), replications=2, jobs=2)
"""


def test_they_import_the_program_from_where_it_was_imported(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(Path(sim.__file__).parent, other / "sim")
    with (other / "sim" / "experiments" / "tasks.py").open("a", encoding="utf-8") as program:
        program.write("\n\ndef run_task(task):\n    return Failure(__file__)\n")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = ended([sys.executable, str(script), str(other), str(written(tmp_path, SMALL))])
    assert done.stderr.count(str(other / "sim" / "experiments" / "tasks.py")) >= 2, done


@pytest.mark.parametrize("length", [75, 76])
def test_a_socket_has_a_path_or_workers_begin_from_nothing(length: int, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        folder = Path(short, "t" * (length - len(short) - 1))
        folder.mkdir()
        command = [TRANSSIB, "run", str(written(tmp_path, SMALL)), "--jobs", "2"]
        done = ended(command, env={**os.environ, "TMPDIR": str(folder)})
        assert done.returncode == 0, done.stderr
