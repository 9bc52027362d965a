"""Scripts read without running them: what `haac decompile` writes, and plain variations of it, by Python's syntax tree.

Only assignments, arithmetic of numbers and calls of the recording API have a meaning here. What else a script does needs Python to know,
and only its author runs a script: `haac studio FILE`.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable
from typing import Any

from haac import LIMITS, Placement, Scene, colour, gradient, inline, plate, wash
from haac_repo import HaacError, RecipeError

_FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "Scene": (Scene, 16),
    "colour": (colour, 64),
    "gradient": (gradient, 64),
    "inline": (inline, LIMITS.inline_elements),
    "plate": (plate, 64),
    "wash": (wash, 4),
}
"""Names of `haac` that a script may call, and how often: some take long."""
_OPERATIONS = frozenset(
    [
        "crop",
        "flip",
        "resize",
        "scale",
        "rotate",
        "brightness",
        "contrast",
        "saturation",
        "blur",
        "opacity",
        "place",
    ]
)
"""Methods of a layer."""
_SET = frozenset(("background", "fingerprint", "similar"))
"""Of a scene, what may be assigned."""
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
"""Not powers: of small numbers they make large ones."""
_LARGEST = 10**12
"""No number of a scene is as large."""
_BYTES = 2**21
_LAYERS = LIMITS.layers + 1
"""One too many is told by the scene itself."""


def read_script(data: bytes, name: str) -> Scene:
    """Read the scene that a script makes. Nothing of it is executed.

    Args:
        data: Python, UTF-8.
        name: of the file, for messages.

    Raises:
        RecipeError: it is no Python, does something that only running it could tell, or its scene is outside the limits.
    """
    reader = _Reader(name)
    try:
        for statement in _parsed(data, name).body:
            reader.read(statement)
    except RecursionError as error:
        raise RecipeError(f"{name} has brackets or calls too deep in each other to be read") from error
    scene = reader.scene()
    try:
        scene.check()
    except RecipeError as error:
        raise RecipeError(f"{name}: {error}") from error
    return scene


def _parsed(data: bytes, name: str) -> ast.Module:
    if len(data) > _BYTES:
        raise RecipeError(f"{name} has {len(data):,} bytes; scripts of at most {_BYTES:,} are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        raise RecipeError(f"{name} is no script: it is not written in UTF-8") from error
    except SyntaxError as error:
        raise RecipeError(f"{name}, line {error.lineno}: {error.msg}") from error
    except (ValueError, MemoryError) as error:  # a NUL; brackets too deep
        raise RecipeError(
            f"{name} is no script that can be read ({error or type(error).__name__})"
        ) from error


class _Reader:
    """The variables of a script, as they are after each statement."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._variables: dict[str, Any] = {}
        self._functions: dict[str, str] = {}
        """Names by which the script calls functions of `haac`, and theirs."""
        self._modules: set[str] = set()
        """Names by which it calls `haac` itself."""
        self._called: dict[str, int] = {}

    def scene(self) -> Scene:
        """The scene that is left in the end.

        Raises:
            RecipeError: there is none, or there are several, none of which is called `scene`.
        """
        scenes = {name: value for name, value in self._variables.items() if isinstance(value, Scene)}
        if len({id(scene) for scene in scenes.values()}) > 1 and "scene" in scenes:
            return scenes["scene"]
        if len({id(scene) for scene in scenes.values()}) != 1:
            found = f"several scenes ({', '.join(scenes)[:100]})" if scenes else "no scene"
            raise RecipeError(
                f"{self._name} leaves {found}: end with one in the variable `scene`, as in `scene = Scene(640, 480)`"
            )
        return next(iter(scenes.values()))

    def read(self, statement: ast.stmt) -> None:
        """Take a statement.

        Raises:
            RecipeError: it is none that can be read.
        """
        match statement:
            case ast.ImportFrom(module="haac", level=0):
                for each in statement.names:
                    if each.name not in _FUNCTIONS:
                        raise self._unknown(statement, f"imports {each.name}")
                    self._functions[each.asname or each.name] = each.name
            case ast.ImportFrom(module="__future__"):
                pass
            case ast.Import(names=[ast.alias(name="haac")]):
                self._modules.add(statement.names[0].asname or "haac")
            case ast.Assign(targets=[target]):
                self._assign(target, statement.value)
            case ast.AnnAssign(value=ast.expr()):
                assert statement.value is not None
                self._assign(statement.target, statement.value)
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Expr(value=ast.Call()):
                self._value(statement.value)
            case _:
                raise self._unknown(statement, f"has the statement {ast.unparse(statement)[:40]!r}")

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        made = self._value(value)
        if isinstance(target, ast.Name):
            self._variables[target.id] = made
            return
        if isinstance(target, ast.Attribute) and target.attr in _SET:
            scene = self._value(target.value)
            if isinstance(scene, Scene):
                setattr(scene, target.attr, made)
                return
        raise self._unknown(target, "assigns to something else than a variable")

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=str() | int() | float() | None as value):
                return value
            case ast.Name() if node.id in self._variables:
                return self._variables[node.id]
            case ast.Name():
                raise self._unknown(node, f"uses the name {node.id[:40]!r}, which is none it made")
            case ast.UnaryOp(op=ast.USub()):
                return self._number(node, 0 - self._numeric(node.operand))
            case ast.UnaryOp(op=ast.UAdd()):
                return self._numeric(node.operand)
            case ast.BinOp() if type(node.op) in _ARITHMETIC:
                left, right = self._numeric(node.left), self._numeric(node.right)
                try:
                    return self._number(node, _ARITHMETIC[type(node.op)](left, right))
                except ZeroDivisionError:
                    raise self._wrong(node, "something is divided by zero") from None
            case ast.Attribute(attr="width" | "height"):
                owner = self._value(node.value)
                if isinstance(owner, Scene):
                    return getattr(owner, node.attr)
            case ast.Call():
                return self._call(node)
        raise self._unknown(node, f"has {ast.unparse(node)[:40]!r}")

    def _call(self, node: ast.Call) -> Any:
        function = self._function(node.func)
        if any(isinstance(each, ast.Starred) for each in node.args):
            raise self._unknown(node, "passes arguments with a star")
        arguments = [self._value(each) for each in node.args]
        named = {}
        for each in node.keywords:
            if each.arg is None or each.arg == "layers":
                raise self._unknown(node, "passes arguments that are not written out")
            named[each.arg] = self._value(each.value)
        try:
            return function(*arguments, **named)
        except HaacError as error:
            raise self._wrong(node, str(error)) from error
        except (TypeError, ValueError) as error:  # too many arguments, a word where a number belongs
            raise self._wrong(node, f"{type(error).__name__}: {error}") from error

    def _function(self, node: ast.expr) -> Callable[..., Any]:
        """What is called: a function of `haac`, `element` of a scene, an operation of a layer."""
        if isinstance(node, ast.Name) and node.id not in self._variables and node.id in self._functions:
            return self._counted(node, self._functions[node.id])
        if isinstance(node, ast.Attribute):
            of = node.value
            if isinstance(of, ast.Name) and of.id in self._modules and of.id not in self._variables:
                return self._counted(node, node.attr)
            owner = self._value(of)
            if isinstance(owner, Scene) and node.attr == "element":
                if len(owner.layers) >= _LAYERS:
                    raise self._wrong(node, f"the scene has more than {LIMITS.layers} layers")
                return owner.element
            if isinstance(owner, Placement) and node.attr in _OPERATIONS:
                method: Callable[..., Any] = getattr(owner, node.attr)
                return method
        raise self._unknown(node, f"calls {ast.unparse(node)[-40:]!r}")

    def _counted(self, node: ast.expr, name: str) -> Callable[..., Any]:
        if name not in _FUNCTIONS:
            raise self._unknown(node, f"calls haac.{name[:40]}")
        function, most = _FUNCTIONS[name]
        self._called[name] = self._called.get(name, 0) + 1
        if self._called[name] > most:
            raise self._wrong(node, f"{name} is called more than {most} times")
        return function

    def _numeric(self, node: ast.expr) -> int | float:
        return self._number(node, self._value(node))

    def _number(self, node: ast.expr, value: object) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._unknown(node, f"calculates with {ast.unparse(node)[:40]!r}")
        if not math.isfinite(value) or abs(value) > _LARGEST:
            raise self._wrong(node, f"a number is larger than {_LARGEST}")
        return value

    def _wrong(self, node: ast.AST, what: str) -> RecipeError:
        return RecipeError(f"{self._name}, line {getattr(node, 'lineno', 0)}: {what}")

    def _unknown(self, node: ast.AST, does: str) -> RecipeError:
        return self._wrong(
            node,
            f"the script {does}, and is not run here, only read. If you trust it, open it with `haac studio {self._name}`,"
            " which runs it",
        )
