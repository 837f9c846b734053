"""The report of submissions that share unusual code: a page to look at, and a table."""

from __future__ import annotations

import csv
import io
from html import escape

from gradlab.labs import Similarity
from gradlab.labs.grade.feedback._page import block, page
from gradlab.labs.grade.gradebook import harmless


def similar_page(found: Similarity, title: str) -> str:
    """Write the report as a page.

    Returns:
        The HTML document: the pairs that share most first, their passages side by side.
    """
    said = f"{found.compared} submissions were compared. This says where a person should look, and is no proof."
    rows = "".join(
        f"<tr><td><a href='#{number}'>{escape(pair.first)} and {escape(pair.second)}</a></td>"
        f"<td class='n'>{pair.share:.0%}</td><td class='n'>{pair.shared}</td></tr>"
        for number, pair in enumerate(found.pairs)
    )
    head = "<tr><th>pair</th><th>of the own code</th><th>fingerprints</th></tr>"
    body = [f"<p>{said}</p>", f"<table>{head}{rows}</table>" if rows else "<p>None share unusual code.</p>"]
    for number, pair in enumerate(found.pairs):
        body.append(f"<h2 id='{number}'>{escape(pair.first)} and {escape(pair.second)}</h2><table>")
        body += [f"<tr><td>{block(mine)}</td><td>{block(theirs)}</td></tr>" for mine, theirs in pair.passages]
        body.append("</table>")
    body += [f"<p>{escape(name)} was not compared: {escape(problem)}</p>" for name, problem in found.unreadable]
    return page(title, "".join(body))


def similar_table(found: Similarity) -> str:
    """Write the report as CSV.

    Returns:
        A row for each pair.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["first", "second", "share", "fingerprints", "passages"])
    for pair in found.pairs:
        names = harmless(pair.first), harmless(pair.second)
        table.writerow([*names, f"{pair.share:.3f}", pair.shared, len(pair.passages)])
    return text.getvalue()
