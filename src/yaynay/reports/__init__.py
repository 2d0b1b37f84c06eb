"""Verdicts as people read them: words, pictures and the HTML page.

`wording` says numbers, `plots` draws, and `page` renders the report and the terminal's table. Conclusions and verdicts
come in, files go out; nothing is computed here.
"""
