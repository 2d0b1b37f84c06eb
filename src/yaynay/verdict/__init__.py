"""Is the network worth it: records go in, a verdict comes out.

`gate` tests with the `kernels` whether the relation is linear, `effect` measures what networks gain out of fold, `rule`
decides an outcome from both and `sentences` words it; `selection` chooses by inner folds, `parity` compares backends.
`model` is what a verdict holds, `conclusion` makes one from a sweep, `sweeps` finds those to compare, and `looks`
remembers earlier ones; `shrinkage` says how much of a gain ridge has too. `comparison` sets models side by side, with
the line's `equation` and where the relation `bends`.
"""
