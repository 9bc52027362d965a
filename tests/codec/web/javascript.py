"""Running JavaScript in Node, with haac's modules at hand."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from haac_web import FOLDER
from tests.codec.web.engines import node

_PROGRAM = """
import {{ readFileSync }} from "node:fs";
const given = JSON.parse(readFileSync(0, "utf-8"));
{imports}
const told = (value) => console.log(JSON.stringify(value, (_, each) => (
  each instanceof Map ? Object.fromEntries(each) : each instanceof Set ? [...each] : each
)));
try {{
  told({{ value: await (async () => {{ {code} }})() ?? null }});
}} catch (error) {{
  told({{ error: error.name, message: error.message, stack: error.stack }});
}}
"""


class JsError(Exception):
    """What the JavaScript threw."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


def run_javascript(code: str, imports: str = "", **given: Any) -> Any:
    """Run the body of an async function in Node; what it returns, as JSON.

    Args:
        code: JavaScript; `given` has what is given here.
        imports: Names with their modules, such as "Repository from mirror/repository.js; readRecipe from forms/recipe.js".
        given: As JSON.

    Raises:
        JsError: it threw.
    """
    lines = []
    for each in filter(None, (part.strip() for part in imports.split(";"))):
        names, _, module = each.partition(" from ")
        lines.append(f"import {{ {names} }} from {json.dumps((FOLDER / Path(module)).as_uri())};")
    program = _PROGRAM.format(imports="\n".join(lines), code=code)
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", program],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    if "error" in told:
        raise JsError(told["error"], told["message"])
    return told["value"]
