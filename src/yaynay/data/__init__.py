"""A table and its plan: what every model is judged on.

`sources` makes tables, `reading` reads a file of yours (`parsing` and `cells` take it apart), and both end in a
validated `Table` (`table`, `columns`). `plan` draws its folds, and `prepare` turns a configuration into
`data/tables/NAME/` or finds it there. Out goes a `Table` with a `Plan`, each with the digest of its content.
"""
