"""What cells print and show, as it is kept: streams joined, and no more than a page can show.

A cell may print without end. What it prints is kept in pieces and cut while it comes in, so that time and memory
grow with what is shown and not with the square of what was printed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gradlab._words import counted
from gradlab.labs._export import collapse

if TYPE_CHECKING:
    from nbformat import NotebookNode

LONGEST_OUTPUT: Final = 1_000_000
"""Characters of text that one cell's outputs keep."""
_WAITING: Final = 4 * LONGEST_OUTPUT
_LEFT_OUT = re.compile(r"\n… (\d+) characters are left out …\n?")
_ESCAPE_AT_END = re.compile(r"\x1b[^A-Za-z]{0,40}\Z")
_KERNEL_FILE = re.compile(r"(?:/[^\s:'\"()]*)?/ipykernel_\d+/\d+\.py")
# A warning names the file it comes from: of an installed package, the folder is this machine's affair.
_PACKAGE_FOLDER = re.compile(r"^/\S*/(?=(?:site|dist)-packages/\S+:\d+: \w*Warning)", re.MULTILINE)


def shortened(text: str, longest: int) -> str:
    r"""Cut the middle out of a text that is too long, and say so there.

    Args:
        text: the text, perhaps shortened before.
        longest: how many characters to keep.

    Returns:
        The text, or its two ends around a line that counts what is left out.

    >>> shortened("abcdefgh", 4)
    'ab\n… 4 characters are left out …\ngh'
    """
    if len(text) <= longest:
        return text
    half = longest // 2
    head, middle, tail = text[:half], text[half:-half], text[-half:]
    # What was counted when the text was cut before is still left out.
    before = sum(int(found[1]) - len(found[0]) for found in _LEFT_OUT.finditer(middle))
    head = _ESCAPE_AT_END.sub("", head)
    return f"{head}\n… {len(middle) + before} characters are left out …\n{tail}"


class _Growing:
    """A stream that is still being printed."""

    def __init__(self, node: NotebookNode) -> None:
        self.node = node
        self.parts = [str(node.text)]
        self.size = len(self.parts[0])

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.size += len(text)
        if self.size > _WAITING:
            self.settle()

    def settle(self) -> None:
        text = "".join(self.parts)
        if len(text) > LONGEST_OUTPUT:
            # Only whole lines are final: what follows may overwrite the last one.
            end = max(text.rfind("\n") + 1, text.rfind("\r"))
            text = shortened(collapse(text[:end]), LONGEST_OUTPUT) + text[end:][-_WAITING // 2 :]
        self.parts, self.size = [text], len(text)
        self.node.text = text


def collecting_client(notebook: NotebookNode, **options: Any) -> Any:
    """Make a client that runs a notebook and joins what its cells print as it comes in.

    Args:
        notebook: the notebook.
        options: those of nbclient's `NotebookClient`.

    Returns:
        The client; its `settle()` puts what was printed last into the notebook.
    """
    from nbclient import NotebookClient

    class Collecting(NotebookClient):
        growing: _Growing | None = None

        def output(
            self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
        ) -> NotebookNode | None:
            growing, content = self.growing, msg["content"]
            goes_on = (
                msg["msg_type"] == "stream"
                and growing is not None
                and not self.clear_before_next_output
                and not self.output_hook_stack[msg["parent_header"].get("msg_id")]  # a widget takes it
                and bool(outs)
                and outs[-1] is growing.node
                and growing.node.name == content["name"]
            )
            if growing is not None and goes_on:
                growing.add(content["text"])
                return None
            self.settle()
            made = super().output(outs, msg, display_id, cell_index)
            if made is not None and made.output_type == "stream":
                self.growing = _Growing(made)
            return made

        def settle(self) -> None:
            if self.growing is not None:
                self.growing.settle()
            self.growing = None

    return Collecting(notebook, **options)


class _Kept(NamedTuple):
    """An output and how many characters of text it has."""

    output: Any
    size: int


def tidied(outputs: Sequence[Any], folder: Path) -> tuple[list[Any], str]:
    """Keep of a cell's outputs what can be shown.

    Args:
        outputs: what the run gave.
        folder: where it was run, which no output shall name.

    Returns:
        The outputs, and in words how much was left out of them, empty where nothing was.
    """
    kept: list[_Kept] = []
    for output in _joined_streams(outputs):
        _forget_paths(output, folder)
        kept.append(_Kept(output, _cut(output)))
    lost = _drop_middle(kept)
    shown = [output for output, _ in kept]
    cut = sum(int(found[1]) for output in shown for text in _texts(output) for found in _LEFT_OUT.finditer(text))
    parts = [counted(cut, "character")] if cut else []
    return shown, " and ".join([*parts, *([counted(lost, "output")] if lost else [])])


def _joined_streams(outputs: Sequence[Any]) -> list[Any]:
    """Join what a stream sent in pieces, and keep what a terminal would show of it in the end."""
    groups: list[list[Any]] = []
    for output in outputs:
        last = groups[-1][0] if groups else None
        same = last is not None and output.output_type == "stream" == last.output_type and last.name == output.name
        if same:
            groups[-1].append(output)
        else:
            groups.append([output])
    for first, *more in groups:
        if first.output_type == "stream":
            first.text = collapse("".join([first.text, *(output.text for output in more)]))
    return [group[0] for group in groups]


def _texts(output: Any) -> list[str]:
    if output.output_type == "stream":
        return [output.text]
    if output.output_type == "error":
        return [output.evalue, *output.traceback]
    return list(_data_texts(output).values())


def _data_texts(output: Any) -> dict[str, str]:
    return {kind: text for kind, text in output.data.items() if kind.startswith("text/") and isinstance(text, str)}


def _cut(output: Any) -> int:
    """Shorten the text of one output; what only works whole, such as HTML, gives way to a line that says so."""
    if output.output_type == "stream":
        output.text = shortened(output.text, LONGEST_OUTPUT)
        return len(output.text)
    if output.output_type == "error":
        output.evalue = shortened(output.evalue, LONGEST_OUTPUT)
        output.traceback = [shortened(line, LONGEST_OUTPUT) for line in output.traceback]
        return sum(map(len, _texts(output)))
    for kind, value in sorted(_data_texts(output).items(), reverse=True):
        if len(value) > LONGEST_OUTPUT and kind != "text/plain":
            del output.data[kind]
            plain = output.data.get("text/plain", "")
            output.data["text/plain"] = f"{plain}\n… {len(value)} characters are left out …"
        elif len(value) > LONGEST_OUTPUT:
            output.data[kind] = shortened(value, LONGEST_OUTPUT)
    return sum(map(len, _texts(output)))


def _drop_middle(kept: list[_Kept]) -> int:
    """Drop outputs from the middle of a list until the rest has not too much text; return how many."""
    if sum(size for _, size in kept) <= LONGEST_OUTPUT:
        return 0
    first, last = 0, len(kept)
    room = LONGEST_OUTPUT // 2
    while first < last and (first == 0 or kept[first].size <= room):
        room -= kept[first].size
        first += 1
    room = LONGEST_OUTPUT // 2
    while last > first and kept[last - 1].size <= room:
        room -= kept[last - 1].size
        last -= 1
    lost = last - first
    if lost:
        from nbformat import v4

        note = v4.new_output("stream", name="stdout", text=f"… {counted(lost, 'output')} left out …\n")
        kept[first:last] = [_Kept(note, 0)]
    return lost


def _forget_paths(output: Any, folder: Path) -> None:
    """Take the places of this machine's temporary files out of what a cell printed."""

    def clean(text: str) -> str:
        return _PACKAGE_FOLDER.sub("", _KERNEL_FILE.sub("<cell>", text)).replace(str(folder), ".")

    if output.output_type == "stream":
        output.text = clean(output.text)
    elif output.output_type == "error":
        output.evalue, output.traceback = clean(output.evalue), [clean(line) for line in output.traceback]
    else:
        output.data.update({kind: clean(text) for kind, text in _data_texts(output).items()})
