"""Verdicts as people read them: words, pictures, the HTML page and the terminal's table.

`wording` formats numbers, `plots` draws, `page` renders the report, `terminal` the table, `gallery` draws many sweeps
at once, `metrics` picks the figures to compare, and `files` keeps what `compare` wrote for those who show it.
An answer to one question is a `card` in the terminal, one object of `answer_json`, or a `notebook`'s HTML; `read` says
what was read, and `phrases` is what they share.
Conclusions and verdicts come in, files go out; nothing is computed here.
"""
