"""Who handed in what: folders and zips as Moodle, Canvas, Gradescope and nbgrader download them, or plain ones."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

from gradlab._errors import GradlabError
from gradlab.labs.grade.reading._archive import Member, UnsafeArchiveError, printable, unpack
from gradlab.labs.grade.reading._notebook import LARGEST

SUFFIXES: Final = (".ipynb", ".md", ".py")
"""The files that are read, the preferred first."""

_MOODLE = re.compile(r"(?P<student>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_|$)")
# Canvas numbers files as they come in. Text and link entries are pages without such a number.
_CANVAS = re.compile(
    r"(?:LATE_)?(?P<anonymous>anon)_(?P<code>[^_]+)_(?:LATE_)?(?P<age>\d+)_.+"
    r"|(?P<student>[^_]+)_(?:LATE_)?(?P<id>\d+)_(?:(?P<number>\d+)_.+|(?:text|link)\.html)"
)
_NBGRADER = re.compile(
    r"(?P<student>[^+]+)\+[^+]+\+(?P<age>\d{4}-\d\d-\d\d[ T_][^+]+)(?:\+.*)?"
)  # its exchange's inbound
_GRADESCOPE = re.compile(r"submission_(?P<id>\d+)$")
_NO_SUBMISSION = re.compile(
    r"__MACOSX|\..*|.*\.checkpoint.*|submission_metadata\.yml|timestamp\.txt|Thumbs\.db|feedback|__pycache__"
)
_LARGEST_LIST: Final = 10_000_000  # bytes
_MOST_BESIDE: Final = 3
_WRAPPERS: Final = frozenset({"submitted", "submissions", "abgaben"})


class SubmissionsError(GradlabError):
    """What was named holds no submissions."""


class Person(NamedTuple):
    """Somebody a submission counts for.

    Args:
        student: their name.
        identity: their number or address, "" without one.
        group: the group that handed in together, "" without one.
    """

    student: str
    identity: str
    group: str = ""


@dataclass(slots=True)
class Submission:
    """What somebody handed in.

    Args:
        name: unique, fit for a file's name.
        student: as the platform says.
        identity: the platform's number, "" without one.
        file: where it lies, relative to what was named.
        path: the file to be read, None where there is none.
        problem: why nothing can be read, "" where it can.
        remarks: what was chosen or left aside.
        people: who it counts for.
        beside: other files that may be meant as well.
    """

    name: str
    student: str
    identity: str
    file: str
    path: Path | None
    problem: str = ""
    remarks: list[str] = field(default_factory=lambda: list[str]())
    people: list[Person] = field(default_factory=lambda: list[Person]())
    beside: list[Submission] = field(default_factory=lambda: list[Submission]())


@dataclass(frozen=True, slots=True)
class _Owner:
    student: str
    identity: str
    group: str
    people: tuple[Person, ...] = ()


def find_submissions(source: Path, scratch: Path, preferred: str) -> list[Submission]:
    """Find the submissions in a folder or a zip, or take a single file for one.

    Args:
        source: the folder, zip or file.
        scratch: an empty folder into which zips are unpacked.
        preferred: the stem of the file's name that is taken where somebody handed in several.

    Returns:
        One for each student, also where what was handed in cannot be read.

    Raises:
        SubmissionsError: if there are none.
    """
    if source.is_file() and source.suffix.lower() != ".zip":
        stem = source.stem
        return [Submission(_slug(stem), stem, "", source.name, source, people=[Person(stem, "")])]
    if source.is_dir():
        members = list(_walk(source))
    else:
        try:
            members = unpack(source, scratch / "all", whole_platform=True)
        except UnsafeArchiveError as problem:
            raise SubmissionsError(f"{source}: {problem}") from problem
    people, unknown = _people(members)
    groups: dict[_Owner, list[Member]] = {}
    for member, owner in zip(members, _owners(members, people), strict=True):
        if owner is not None:
            groups.setdefault(owner, []).append(member)
    if not groups:
        raise SubmissionsError(f"{source} holds no submissions: no {', '.join(SUFFIXES)} in it or in its folders")
    taken: set[str] = set()
    ordered = sorted(groups.items(), key=lambda item: (item[0].student.casefold(), item[0].group))
    made = [_submission(owner, own, scratch, preferred, taken) for owner, own in ordered]
    for one in made if unknown else ():
        one.remarks.append(unknown)
    return made


def _walk(folder: Path) -> Iterator[Member]:
    for place, folders, files in os.walk(folder, followlinks=False):
        linked = [name for name in folders if Path(place, name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in linked)
        for name in sorted([*files, *linked]):
            path = Path(place, name)
            relative = PurePosixPath(printable(path.relative_to(folder).as_posix()))
            problem = "is a link, which is not followed" if path.is_symlink() else ""
            problem = problem or ("" if path.is_file() else "is no ordinary file")
            yield Member(relative, None if problem else path, problem)


def _people(members: list[Member]) -> tuple[dict[str, tuple[Person, ...]], str]:
    """Gradescope's list of who is behind which folder, and why it says nothing."""
    lists = [member for member in members if member.name.name == "submission_metadata.yml"]
    found = min(lists, key=lambda member: len(member.name.parts), default=None)
    # Below a submission's folder it is what somebody handed in.
    if found is None or found.path is None or any(map(_GRADESCOPE.match, found.name.parts)):
        return {}, ""
    import yaml

    loader: Any = type("Loader", (yaml.SafeLoader,), {})
    loader.add_constructor(None, lambda _, node: None)  # Ruby's own kinds, such as times, are passed over
    unknown = f"{found.name} cannot be read, so that names are not known: "
    try:
        if found.path.stat().st_size > _LARGEST_LIST:
            return {}, f"{unknown}it is larger than {_LARGEST_LIST // 1_000_000} megabytes"
        listed: Any = yaml.load(found.path.read_text(encoding="utf-8"), Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        return {}, unknown + " ".join(str(problem).split())
    if not isinstance(listed, dict):
        return {}, f"{unknown}it lists nobody"
    return {str(folder): _submitters(str(folder), entry) for folder, entry in listed.items()}, ""


def _submitters(folder: str, entry: Any) -> tuple[Person, ...]:
    listed = entry.get(":submitters") if isinstance(entry, Mapping) else None
    rows = listed if isinstance(listed, list) else ()
    people = [one for one in rows if isinstance(one, Mapping) and isinstance(one.get(":name"), str)]
    group = folder if len(people) > 1 else ""
    return tuple(Person(one[":name"], _text(one.get(":sid")) or _text(one.get(":email")), group) for one in people)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else ""


def _owners(members: list[Member], people: Mapping[str, tuple[Person, ...]]) -> list[_Owner | None]:
    kept = [member for member in members if not _is_junk(member)]
    skip = 0
    while kept and all(len(m.name.parts) > skip + 1 for m in kept) and len({m.name.parts[skip] for m in kept}) == 1:
        wrapper = kept[0].name.parts[skip]
        deep = all(len(m.name.parts) > skip + 2 for m in kept)
        if _known(wrapper, people) or not (wrapper.lower() in _WRAPPERS or deep or len(kept) > 1):
            break
        skip += 1
    # The platform's folders may lie in others, where all do; deeper down students name things themselves.
    below = [member.name.parts[skip + 1 : skip + 2] for member in kept]
    skip += bool(below) and all(parts and _known(parts[0], people) for parts in below)
    return [
        None if len(parts) <= skip or _NO_SUBMISSION.fullmatch(parts[skip]) else _owner(parts[skip:], people)
        for parts in (member.name.parts for member in members)
    ]


def _is_junk(member: Member) -> bool:
    return any(map(_NO_SUBMISSION.fullmatch, member.name.parts))


def _known(part: str, people: Mapping[str, tuple[Person, ...]]) -> bool:
    return bool(_MOODLE.match(part) or _GRADESCOPE.match(part) or _NBGRADER.fullmatch(part) or part in people)


def _owner(parts: Sequence[str], people: Mapping[str, tuple[Person, ...]]) -> _Owner:
    first = parts[0]
    if found := _MOODLE.match(first):
        return _Owner(found["student"], found["id"], found["student"] + found["id"])
    if found := _GRADESCOPE.match(first):
        own = people.get(first, ())
        names = ", ".join(person.student for person in own) or first
        return _Owner(names, (own[0].identity if len(own) == 1 else "") or found["id"], first, own)
    if found := _NBGRADER.fullmatch(first):
        return _Owner(found["student"], "", found["student"])
    if len(parts) == 1 and (found := _CANVAS.fullmatch(first)):
        student = found["student"] or f"anon_{found['code']}"
        identity = found["id"] or found["code"]
        return _Owner(student, identity, student + identity)
    return _Owner(PurePosixPath(first).stem if len(parts) == 1 else first, "", first)


def _submission(
    owner: _Owner, members: list[Member], scratch: Path, preferred: str, taken: set[str]
) -> Submission:  # fmt: skip
    name = _slug(owner.student + (f"-{owner.identity}" if owner.identity else ""))
    count, base = 2, name
    while name.casefold() in taken:
        name, count = f"{base}-{count}", count + 1
    taken.add(name.casefold())
    made = Submission(name, owner.student, owner.identity, str(members[0].name), None)
    made.people = list(owner.people) or [Person(owner.student, owner.identity)]
    usable = [member for member in members if member.suffix in SUFFIXES and not _is_junk(member)]
    zipped = [member for member in members if member.suffix == ".zip" and member.path is not None]
    if not usable and zipped:
        made.file = str(zipped[0].name)
        try:
            inner = unpack(zipped[0].path or Path(), scratch / f"zip-{name}")
        except UnsafeArchiveError as problem:
            made.problem = str(problem)
            return made
        usable = [member for member in inner if member.suffix in SUFFIXES and not _is_junk(member)]
        made.remarks.append(f"it was unpacked from {zipped[0].name.name}")
    if not usable:
        bad = next((member for member in members if member.problem), None)
        names = ", ".join(member.name.name for member in members[:3])
        made.problem = (
            f"{bad.name.name} {bad.problem}" if bad else f"no {', '.join(SUFFIXES)} was handed in, but {names}"
        )
        return made

    def rank(member: Member) -> tuple[Any, ...]:
        unread = member.path is None, preferred not in member.name.stem, _is_prose(member)
        return *unread, SUFFIXES.index(member.suffix)

    usable.sort(key=lambda member: _nearness(member, preferred))
    usable.sort(key=_age, reverse=True)
    usable.sort(key=rank)
    chosen = usable[0]
    made.file, made.path = str(chosen.name), chosen.path
    made.problem = f"{chosen.name.name} {chosen.problem}" if chosen.problem else ""
    if len(usable) > 1:
        others = ", ".join(member.name.name for member in usable[1:4])
        made.remarks.append(f"{chosen.name.name} was graded, and not {others}")
    alike = [one for one in usable[1:] if rank(one) == rank(chosen) and not _is_replaced(one, chosen)]
    made.beside = [
        Submission(f"{name}~{number}", made.student, made.identity, str(one.name), one.path)
        for number, one in enumerate(alike[:_MOST_BESIDE], 1)
    ]
    return made


def _nearness(member: Member, preferred: str) -> tuple[Any, ...]:
    name = member.name
    return name.stem != preferred, len(name.parts), len(name.stem), str(name)


def _age(member: Member) -> str:
    """What grows with the time at which a file was handed in, where its name says so."""
    for part in member.name.parts:
        if found := _CANVAS.fullmatch(part):
            return (found["age"] or found["number"] or "").zfill(20)
        if found := _NBGRADER.fullmatch(part):
            return found["age"]
    return ""


def _is_replaced(member: Member, by: Member) -> bool:
    """Whether a platform that keeps what was handed in earlier says that a file is such."""
    return _age(member) != _age(by) and any(map(_NBGRADER.fullmatch, by.name.parts))


def _is_prose(member: Member) -> bool:
    """Whether a file is a README or the like, with no code in it."""
    if member.suffix != ".md" or member.path is None:
        return False
    with member.path.open("rb") as stream:
        data = stream.read(LARGEST)
    return b"```" not in data and b"~~~" not in data


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFC", text)
    # A file's name has at most 255 bytes.
    short = re.sub(r"[^\w.-]+", "_", plain).encode()[:160].decode(errors="ignore")
    return short.strip("._-")[:80] or "submission"
