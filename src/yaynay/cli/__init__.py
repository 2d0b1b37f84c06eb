"""The command line: what may be asked of it, Hydra's start, and how a mistake ends.

`checks` and `conf_files` look at options and files before anything is written; `app` starts Hydra and turns every
fault into one line and an exit code; `own_table` puts a user's table into the pipeline.
"""
