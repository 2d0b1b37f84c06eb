"""Is the network worth it: records go in, a verdict comes out.

`gate` tests whether the relation is linear, `effect` measures what networks gain out of fold, `rule` makes an
outcome and a sentence of both, `parity` compares backends, and `conclusion` puts all of it together for one sweep;
`looks` remembers earlier verdicts on the same table.
"""
