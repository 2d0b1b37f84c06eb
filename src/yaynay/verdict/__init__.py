"""Is the network worth it: records go in, a verdict comes out.

`gate` tests with the `kernels` whether the relation is linear, `effect` measures what networks gain out of fold, `rule`
decides an outcome by both and `sentences` says it; `selection` chooses by inner folds, `parity` compares backends.
`model` is what a verdict holds, `conclusion` makes one of a sweep, `sweeps` finds those to compare, and `looks`
remembers earlier verdicts on the same table.
"""
