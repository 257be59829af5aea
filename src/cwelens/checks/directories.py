"""Calls that work on whole directories: for those a name is enough to leave the one that is meant, since `..` is one too."""

from __future__ import annotations

from cwelens.checks.judge import ONE_NAME
from cwelens.checks.judgement import Judgement
from cwelens.flow.run import CallSite
from cwelens.flow.values import Taint

_WHOLE = frozenset(
    (
        "shutil.rmtree",
        "shutil.copytree",
        "shutil.move",
        "shutil.make_archive",
        "os.listdir",
        "os.scandir",
        "os.walk",
        "os.chdir",
        "os.removedirs",
        "distutils.dir_util.copy_tree",
        "glob.glob",
    )
)


def settle(site: CallSite, judgement: Judgement) -> Judgement:
    """The judgement on a path of which a client chooses one name."""
    taint = judgement.taint
    if taint is None or taint.assumption != ONE_NAME or site.name not in _WHOLE:
        return judgement
    return Judgement("defect", judgement.reason, Taint(taint.origin, taint.safe, taint.trail))
