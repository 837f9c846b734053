"""The result of a check, as text, HTML and JSON."""
