"""`sync` of a project's own records: what it says of a sweep is what its command said."""

from pathlib import Path

import pytest
from unit.tracking.conftest import Swept

from yaynay.config.schema import Rule
from yaynay.sweep.summary import bring
from yaynay.verdict.conclusion import conclude
from yaynay.verdict.recall import recall_rule, remember

pytestmark = pytest.mark.filterwarnings("ignore:.*An input example was not provided")  # it would copy the user's rows


def test_a_part_of_a_sweep_is_no_look_at_its_table(swept: Swept, project: Path) -> None:
    """It would be told of in the verdict of the whole."""
    about = swept.sweep.about
    jobs = [{"table": about["table"], **{name: about[name] for name in ("table_sha256", "plan_sha256")}, "key": key}
            for key in (*about["runs"], "f" * 64)]  # fmt: skip
    (part,) = swept.sweep.store.write_sweeps(jobs, {"started_at": 1.0})
    assert (swept.sweep.is_whole, part.is_whole) == (True, False)
    assert bring("yaynay", Path("results"), None) == 2
    assert recall_rule(part) is None
    assert recall_rule(swept.sweep) is not None
    (look,) = (project / "records" / "looks").glob("*/*.json")
    assert look.is_file()


def test_a_sweep_keeps_the_rule_that_its_command_had(swept: Swept) -> None:
    """A record keeps the rule of the first command that asked for it."""
    rule = Rule(alpha=0.2, delta=0.3, delta_nay=0.4, n_draws=99)
    remember(conclude(swept.sweep, rule))
    bring("yaynay", Path("results"), None)
    assert recall_rule(swept.sweep) == rule
