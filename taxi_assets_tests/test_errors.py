"""Every error for people has one form: what happened, an example where there is one, and what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from taxi_assets.errors import TaxiError

PACKAGE = Path(__file__).parents[1] / "taxi_assets"


def _modules() -> list[str]:
    """The modules that name an error for people."""
    paths = sorted(path for path in PACKAGE.rglob("*.py") if "Error(" in path.read_text(encoding="utf-8"))
    return [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in paths]


def _refusals(module: str) -> Iterator[ast.Call]:
    """The places in a module where a TaxiError is made."""
    path = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    names = vars(import_module(module))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            made = names.get(node.func.id)
            if isinstance(made, type) and issubclass(made, TaxiError) and made.__init__ is TaxiError.__init__:
                yield node


REFUSALS = [(f"{module}:{call.lineno}", call) for module in _modules() for call in _refusals(module)]
PASSED_ON = ("{cause}", "{error.cause}")
"""What another refusal said, with more advice."""


def _said(text: ast.expr) -> str:
    """A text with `{expression}` for what is known only when it is made."""
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return "".join(
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else f"{{{_known_later(part)}}}"
        for part in parts
    )


def _known_later(part: ast.expr) -> str:
    return ast.unparse(part.value if isinstance(part, ast.FormattedValue) else part)


@pytest.mark.parametrize("call", [pytest.param(call, id=place) for place, call in REFUSALS])
def test_a_refusal_says_what_happened_in_our_words_and_what_to_do(call: ast.Call) -> None:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    cause, *more = call.args
    advice = more[0] if more else given.get("advice")
    assert advice is not None, f"{_said(cause)} What is one to do?"
    assert re.search(r"[.?}]$", _said(advice)), _said(advice)
    said = _said(cause)
    if said not in PASSED_ON:
        assert re.match(r"[A-Z{]|first_rows is", said), said
        assert said.endswith("."), said
        # The words of a library come after ours.
        head = re.split(r"{(message_of\(|str\()?error", said)[0]
        assert len(re.sub(r"{.*?}", "", head).split()) >= 2, said


def test_a_fault_of_the_data_is_never_tried_again() -> None:
    """Only a file that another run has replaced meanwhile is: then the data are others."""
    of_data = (
        "taxi_assets.transform",
        "taxi_assets.model",
        "taxi_assets.publishers.verification",
        "taxi_assets.assets",
    )
    tried = [
        place
        for place, call in REFUSALS
        if place.startswith(of_data)
        and any(keyword.arg == "retry" for keyword in call.keywords)
        and "Another run has replaced" not in ast.unparse(call)
    ]
    assert len(REFUSALS) > 70
    assert tried == []
