"""Run by build.mjs in Pyodide: the modules that the core's use imports, compiled, in /home/core.zip.

Beside them stand the names of all modules that are in use then, Python's own too: the page has no others.
"""

import base64
import json
import os
import py_compile
import sys
import zipfile

names = globals()["names"]
roots = [f"/found/{name}/" for name in names]
sys.path[:0] = roots
from gradlab.play import answer

for question, given, wrong in json.loads(globals()["questions"]):
    said = answer(question, given).get("error", "")
    if bool(wrong) != bool(said) or wrong not in said:  # no assert: Python is told to leave them out
        raise RuntimeError(f"{question} {given}: {said}")


def plain(value):
    """Bytes as what JSON has."""
    return {"bytes": base64.b64encode(value).decode()}


with zipfile.ZipFile("/home/core.zip", "w", zipfile.ZIP_DEFLATED) as packed:
    used = [name for name in sys.modules if name.split(".")[0] in {*names, *sys.stdlib_module_names} - {"__main__"}]
    packed.writestr("used.json", json.dumps(used))
    for root in roots:
        loaded = {m.__file__ for m in list(sys.modules.values()) if str(getattr(m, "__file__", "")).startswith(root)}
        for file in sorted(loaded):
            name = os.path.relpath(file, root)
            py_compile.compile(
                file,
                "/home/made.pyc",
                dfile=name,
                doraise=True,
                optimize=2,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
            packed.write("/home/made.pyc", name + "c")
