"""What pip installs has everything that the command needs, and says which version it is."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from processes import transsib

import sim
from sim.scenario.files import bundled

ROOT = Path(__file__).parents[1]


def test_the_wheel_brings_the_scenarios_and_the_command(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*build, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (entry,) = (name for name in names if name.endswith("entry_points.txt"))
        assert "transsib = sim.cli:main" in archive.read(entry).decode()
        archive.extractall(tmp_path / "site")
    assert {f"sim/scenarios/{name}.toml" for name in bundled()} <= names
    data = ("land-110m.json", "report.html", "report.css", "animation.html", "animation.js")
    assert {f"sim/views/data/{name}" for name in data} <= names
    assert {"sim/py.typed", "sim/scenario/first.toml"} <= names
    assert not any(name.startswith("tests/") for name in names)
    isolated = [sys.executable, "-I", "-c", RUN, str(tmp_path / "site")]
    done = subprocess.run(isolated, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(tmp_path / "site" / "sim"), "link-500k"]


RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import sim, pathlib
print(pathlib.Path(sim.__file__).parent, sim.load_scenario("link-500k").name)
"""


def test_the_command_says_its_version() -> None:
    assert transsib("--version").stdout == f"transsib {sim.__version__}\n"
