"""The JSON Schema of scenario files, by which editors complete keys, explain and flag them.

It describes a file as it is written, which may extend another one: so nothing is required, and
`extends` and `order` are there. What a schema cannot tell (a range that falls, shares that do not
sum to 1) `transsib check` tells.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core import core_schema as core

from sim.scenario.demand import MONTHS, parse_monthly, parse_part
from sim.scenario.distributions import FORMS, LARGEST, TABLES, Distribution, Form, parse
from sim.scenario.fields import MOST, parse_speed, parse_wait
from sim.scenario.model import Scenario

SCHEMA_ID = "urn:transsib:scenario"
"""By this the program knows a schema that it wrote."""

NUMBER: JsonSchemaValue = {"type": "number", "minimum": 0, "maximum": LARGEST}
EXTENDS: JsonSchemaValue = {
    "type": "string",
    "description": "A scenario file in this folder, or a bundled name, over which this one is laid",
}
ORDER: JsonSchemaValue = {
    "type": "array",
    "items": {"type": "string"},
    "maxItems": MOST,
    "description": "All stages from first to last; needed where stages are added to inherited ones",
}


def schema_text() -> str:
    """The text of the schema file; the same models give the same text."""
    schema = Scenario.model_json_schema(schema_generator=_Generator)
    text = json.dumps(schema, indent=2, ensure_ascii=False, allow_nan=False)
    return re.sub(r"\.0(?=,?$)", "", text, flags=re.MULTILINE) + "\n"  # 120, not 120.0


class _Generator(GenerateJsonSchema):
    """Pydantic's generator, adapted to TOML, which has no null, and to files that extend others."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        whole = super().generate(schema, mode)
        whole |= {"title": "Scenario of transsib", "description": "A corridor and its shippers."}
        whole["properties"] = {"extends": EXTENDS, **whole["properties"]}
        del whole["properties"]["name"]  # the file's name is the name
        whole["$defs"]["Route"]["properties"]["order"] = ORDER
        return {"$schema": self.schema_dialect, "$id": SCHEMA_ID, **self.sort(whole)}

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """Without the least number of entries, which an inherited table may bring."""
        made = super().generate_inner(schema)
        if made.get("type") == "object":  # pydantic's words for a mapping are those for a text
            made.pop("minLength", None)
            if "maxLength" in made:
                made["maxProperties"] = made.pop("maxLength")
        return made

    def function_plain_schema(self, schema: core.PlainValidatorFunctionSchema) -> JsonSchemaValue:
        """What our own parsers read."""
        reader: Any = schema["function"]["function"]
        return {"anyOf": READERS[reader]}

    def nullable_schema(self, schema: core.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def tagged_union_schema(self, schema: core.TaggedUnionSchema) -> JsonSchemaValue:
        """Any of the kinds: a file that changes one value need not repeat the kind."""
        return {"anyOf": [self.generate_inner(choice) for choice in schema["choices"].values()]}

    def default_schema(self, schema: core.WithDefaultSchema) -> JsonSchemaValue:
        made, default = self.generate_inner(schema["schema"]), schema.get("default")
        if isinstance(default, Distribution):
            default = default.to_data()
        if default == math.inf:
            default = "unlimited"
        if isinstance(default, str | int | float):
            made["default"] = default
        return made

    def field_is_required(self, *_: object, **__: object) -> bool:
        return False

    def field_title_should_be_set(self, *_: object) -> bool:
        return False


def _parameters(form: Form) -> JsonSchemaValue:
    if form.written == "number":
        return {**NUMBER, "description": form.parameters[0]}
    if form.written == "list":
        return _numbers(form.parameters)
    table = _table(dict.fromkeys(form.parameters, NUMBER), len(form.parameters))
    return {**table, "description": f"{{ {', '.join(form.parameters)} }}"}


def _table(properties: JsonSchemaValue, least: int) -> JsonSchemaValue:
    """A table with no other keys, and at least so many of these."""
    closed = {"additionalProperties": False, "minProperties": least}
    return {"type": "object", "properties": properties, **closed}


def _numbers(names: tuple[str, ...]) -> JsonSchemaValue:
    """A list of numbers with these names; without names, of any number of values."""
    size = {"minItems": len(names), "maxItems": len(names)} if names else {"minItems": 1}
    written = f"[{', '.join(names or ('value', '…'))}]"
    return {"type": "array", "items": NUMBER, **size, "description": written}


_KINDS = _table({kind: _parameters(FORMS[kind]) for kind in TABLES}, least=1)
_YEAR = {"type": "array", "items": NUMBER, "minItems": MONTHS, "maxItems": MONTHS}

READERS: Final[dict[Any, list[JsonSchemaValue]]] = {
    parse: [NUMBER, _numbers(("low", "high")), {**_KINDS, "maxProperties": 1}],
    parse_speed: [NUMBER, _numbers(("slow", "fast"))],
    parse_wait: [NUMBER, {"const": "unlimited"}],
    parse_monthly: [_YEAR, {"type": "object", "additionalProperties": _YEAR}],
    parse_part: [NUMBER, {"type": "object", "additionalProperties": NUMBER}],
}
"""What each of our own parsers reads: one of these."""
