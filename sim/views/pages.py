"""Pages for browsers: one file each, which loads nothing and runs nothing but its own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup


def page(template: str, **content: Any) -> str:
    """The page of TEMPLATE.html with TEMPLATE.css and, where there is one, TEMPLATE.js.

    What a scenario says is escaped. A Content-Security-Policy lets only this style and this script
    work, by their hashes.
    """
    style, script = _text(f"{template}.css"), _text(f"{template}.js")
    policy = ["default-src 'none'", "img-src data:", f"style-src '{_hash(style)}'"]
    if script:
        policy.append(f"script-src '{_hash(script)}'")
    environment = Environment(
        loader=PackageLoader("sim.views", "data"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(f"{template}.html").render(
        policy="; ".join(policy), style=Markup(style), script=Markup(script), **content
    )


def as_json(data: Mapping[str, Any]) -> Markup:
    """Data for a script element: JSON that no word of a scenario can break out of."""
    return htmlsafe_json_dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _text(name: str) -> str:
    file = files("sim.views").joinpath("data", name)
    return file.read_text("utf-8") if file.is_file() else ""


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
