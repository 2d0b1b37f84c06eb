"""One table, one question: what `yaynay ask` and `yaynay.ask` do.

`grid` says which networks are tried, `answer` trains them beside the lines and concludes, `ask` is the function for
Python, and `command` the one for a terminal, which keeps records, runs, page and model in a `folder`.
"""
