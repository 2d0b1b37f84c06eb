"""What a run leaves on disk: the truth that MLflow, verdicts and reports are written from.

A `Record` is one configuration on one table and plan, named by the digest of what shaped it (`version`); a `Store`
keeps records, tables and sweeps, each written aside with checksums and moved into place. `job_notes` holds what running
jobs asked for, `provenance` notes where a run came from, `verify` finds damage, and `serving` predicts from raw rows.
"""
