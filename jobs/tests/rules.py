"""A rule as a client sends it, and what may not stand in one."""

from typing import Any

RECOLOR = {"action": "recolor", "value": "oak_a"}
RULE: dict[str, Any] = {
    "name": "Warm oak",
    "preset_id": "interior",
    "concepts": {"Floor": RECOLOR, "Door": {"action": "remove", "value": None}},
    "protect": ["Grout", "a lamp"],
}
NOWHERE = "rule_" + "0" * 32

MANY = {f"concept {n}": RECOLOR for n in range(65)}

BAD_FIELDS = [
    ("name", None),
    ("name", ""),
    ("name", "  \n"),
    ("name", "x" * 101),
    ("name", 7),
    ("name", "nul\x00"),
    ("name", "half of a pair \ud800"),
    ("concepts", None),
    ("concepts", {}),
    ("concepts", []),
    ("concepts", MANY),
    ("concepts", {"Floor": {"action": "explode", "value": "x"}}),
    ("concepts", {"Floor": {"action": "recolor"}}),
    ("concepts", {"Floor": {"action": "recolor", "value": "x" * 201}}),
    ("concepts", {"": RECOLOR}),
    ("concepts", {"x" * 65: RECOLOR}),
    ("concepts", {"nul\x00": RECOLOR}),
    ("protect", "Grout"),
    ("protect", [7]),
    ("protect", [""]),
    ("protect", ["x" * 65]),
    ("protect", [f"concept {n}" for n in range(65)]),
    ("preset_id", None),
    ("preset_id", "garden"),
    ("preset_id", 1),
    ("preset_id", ["interior"]),
]
