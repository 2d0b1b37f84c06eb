"""Verdicts as people read them: words, pictures, the HTML page and the terminal's table.

`wording` says numbers, `plots` draws, `page` renders the report, `terminal` the table, and `files` keeps verdicts
between `compare` and whoever shows them. Conclusions and verdicts come in, files go out; nothing is computed here.
"""
