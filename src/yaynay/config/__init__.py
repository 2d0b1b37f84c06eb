"""What may be asked: the typed, closed configuration of a run.

`schema` holds every group with its ranges, `datasets` the options of a table, `messages` the sentence that explains
a mistake. A resolved configuration comes in as a dict and goes out as a frozen `Configuration`; nothing here
reads data or loads a framework.
"""
