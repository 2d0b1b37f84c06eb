"""A table and its plan: what every model is tested on.

`sources` makes tables, `reading` reads your own file (`parsing` and `cells` take it apart), and both end in a
validated `Table` (`table`, `columns`). How each column was read is one of its `descriptions`, which a saved model
applies to `raw` rows. `plan` draws its folds, and `prepare` turns a configuration into `data/tables/NAME/` or finds it
there. The result is a `Table` with a `Plan`, each with the digest of its content.
"""
