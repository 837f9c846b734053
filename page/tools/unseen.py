"""Run by build.mjs in Pyodide first: mpmath's explanations, which nobody sees in a page, take no memory."""

import sys
import types

explained = types.ModuleType("mpmath.function_docs")
explained.__getattr__ = lambda name: ""
sys.modules["mpmath.function_docs"] = explained
