"""A table and its plan: what every model is tested on.

`sources` makes tables and `reading` reads your own file, both into a validated `Table` (`table`, `columns`);
`plan` draws its folds, and `prepare` turns a configuration into `data/tables/NAME/` or finds it there. The result
is a `Table` with a `Plan`, each with the digest of its content.
"""
