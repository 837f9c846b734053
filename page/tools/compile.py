"""Run by build.mjs in Pyodide: the modules that the core's use imports, compiled, in /home/core.zip.

Beside them stand the names of all modules that are in use then, Python's own too: the page has no others.
"""

import base64
import contextlib
import dis
import importlib.util
import json
import marshal
import os
import re
import sys
import types
import zipfile

names = globals()["names"]
roots = [f"/found/{name}/" for name in names]
sys.path[:0] = roots
from gradlab.play import answer

for question, given, wrong in json.loads(globals()["questions"]):
    said = answer(question, given).get("error", "")
    if bool(wrong) != bool(said) or wrong not in said:  # no assert: Python is told to leave them out
        raise RuntimeError(f"{question} {given}: {said}")


# Of SymPy what only shows, prints or tests.
UNUSED = re.compile(r"sympy[.](categories|codegen|interactive|parsing|plotting|printing|testing|vector|physics[.]con)")
OF_PYTHON = ["_pylong"]  # Python imports it by itself for whole numbers of many digits
IMPORT = dis.opmap["IMPORT_NAME"]


def imported(code, package):
    """What a module's functions import when they run."""
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from imported(inner, package)
    if IMPORT in code.co_code[::2]:
        steps = [step for step in dis.get_instructions(code) if step.opname != "EXTENDED_ARG"]
        for level, _, step in zip(steps, steps[1:], steps[2:], strict=False):
            if step.opname == "IMPORT_NAME":
                yield importlib.util.resolve_name("." * level.argval + step.argval, package)


# What is asked in the page may take a way that no question above took: there is nothing to import from then.
late = {*OF_PYTHON}
for module in list(sys.modules.values()):
    if module.__name__.split(".")[0] in names and module.__spec__:  # the one of unseen.py has none
        late |= {*imported(module.__spec__.loader.get_code(module.__name__), module.__package__)}
for name in sorted(late - {*sys.modules}):
    if name in OF_PYTHON or (name.split(".")[0] in names and not UNUSED.match(name)):
        with contextlib.suppress(ImportError):  # it wants what the page has not, such as NumPy
            importlib.import_module(name)


def bare(code):
    """Code without the lines it came from, of which nobody is told; each unit of it has none, said in eights."""
    eights, rest = divmod(len(code.co_code) // 2, 8)
    table = b"\xff" * eights + (bytes([0xF8 + rest - 1]) if rest else b"")
    consts = tuple(bare(each) if isinstance(each, types.CodeType) else each for each in code.co_consts)
    return code.replace(co_linetable=table, co_consts=consts)


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
            with open(file, "rb") as source:
                code = bare(compile(source.read(), name, "exec", dont_inherit=True, optimize=2))
            unchecked = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
            packed.writestr(name + "c", unchecked + marshal.dumps(code))
