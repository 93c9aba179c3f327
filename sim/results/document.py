"""Results as plain data, which `--json` prints."""

from __future__ import annotations

from typing import Any

from sim.results.results import Results
from sim.results.rows import about_run, described, difference_rows
from sim.results.sensitivity import Sensitivity


def document(results: Results, name: str) -> dict[str, Any]:
    """One scenario's results as plain data for JSON."""
    return {
        "scenario": name,
        "title": results.scenario(name).title,
        **about_run(results, name),
        "metrics": [
            {**described(key), **vars(results.interval(key, name))} for key in results.keys(name)
        ],
    }


def to_json(results: Results) -> Any:
    """Results as plain data for JSON: a study of any kind, one scenario or several."""
    if results.is_sweep:
        return results.along().to_data()
    if results.is_sensitivity:
        return Sensitivity.of(results).to_data()
    documents = [document(results, name) for name in results.names]
    if results.paired:
        return comparison(results)
    return documents[0] if len(documents) == 1 else documents


def comparison(results: Results) -> dict[str, Any]:
    """Several scenarios and their differences to the baseline as plain data for JSON."""
    return {
        "baseline": results.baseline.name,
        "scenarios": [document(results, name) for name in results.names],
        "differences": list(difference_rows(results)),
    }
