"""Money is counted in whole minor units: nothing in payouts is a float, a decimal or a fraction (trust.md G81)."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FILES = [*sorted((ROOT / "payouts").rglob("*.py")), ROOT / "forum" / "web" / "money.py"]
# Rules, queries and actions count money; pages may divide to draw a bar.
COUNTING = ("rules.py", "queries.py", "actions.py", "methods.py", "subscribers.py", "jobs.py", "events.py")
NAMES = {"float", "Decimal", "Fraction", "Real", "Float", "DoublePrecision", "Numeric"}
SQL = re.compile(r"\b(numeric|decimal\(|double precision|real|float[48]?|money)\b(?=\s*[,)\[:]|\s+(not|default|check))")


def faults(file: Path, text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        name = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "name", None)
        if isinstance(node, ast.Name | ast.Attribute | ast.alias) and name in NAMES:
            found.append(f"{file.name}: {name}")
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"{file.name}:{node.lineno}: {node.value}")
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and "::" in node.value
            and SQL.search(node.value)
        ):
            found.append(f"{file.name}:{node.lineno}: {node.value[:60]}")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and file.name in COUNTING:
            found.append(f"{file.name}:{node.lineno}: a division")
    return found


def test_nothing_that_counts_money_is_anything_but_an_integer() -> None:
    assert len(FILES) > 10
    assert [fault for file in FILES for fault in faults(file, file.read_text(encoding="utf-8"))] == []


def test_the_check_finds_what_it_looks_for() -> None:
    planted = {
        "rate: float = 1": 1,
        "from decimal import Decimal": 1,
        "fee = 0.05": 1,
        "share = amount / 2": 1,
        "amount = Numeric()": 1,
        "sql = 'select sum(amount)::numeric, 1'": 1,
        "amount: int = 5 // 2": 0,
    }
    for text, count in planted.items():
        assert len(faults(Path("rules.py"), text)) == count, text
