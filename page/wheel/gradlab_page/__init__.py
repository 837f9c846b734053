"""gradlab's page as it was built, in the folder ``site``: `gradlab play` serves it, and nothing is to be called."""
