"""Arguments of the command `submod`, and its errors in one line."""

import argparse
import sys
from collections.abc import Sequence

from submod_core._version import __version__
from submod_core.cli import commands
from submod_core.dataset.run import ENGINES

_DESCRIPTION = """\
Which few regions made the model decide? Explains photographs and whole datasets.

  submod explain cat.jpg --model my_models:resnet --out cat.png
  submod run run.toml
  submod verify explanations/
"""

_CONFIG = """\
A configuration is a TOML file. Functions are named as "module:function", also of files in this
folder; they take no arguments.

  host = "captum"                  # or "xplique"
  model = "my_models:resnet"       # makes the model
  dataset = "my_data:photographs"  # makes a map-style dataset of (input, target)
  folder = "explanations"          # of the results, beside this file

  [run]                            # optional: engine, n_workers, shard_size, …
  shard_size = 32

  [methods.LiMA]                   # a class of the host, with its options
  regions = 49
  arguments = {perturbations_per_eval = 4}
  [methods.Saliency]

  [metrics.insertion]              # a metric of the host, with its settings
  steps = 50

  [report]                         # optional
  class_names = "my_data:NAMES"

The command can be killed at any moment and called again: it goes on where it was. Ctrl-C finishes
the shard in hand. Under torchrun or srun each rank takes its share of the shards.
"""


def parser() -> argparse.ArgumentParser:
    """Parser of the command line."""
    top = argparse.ArgumentParser("submod", description=_DESCRIPTION, formatter_class=_Plain)
    top.add_argument("--version", action="version", version=f"submod {__version__}")
    kinds = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = kinds.add_parser("explain", help="explain one photograph", formatter_class=_Plain)
    one.add_argument("image", help="a photograph")
    one.add_argument("--model", required=True, help="module:function that makes the model")
    one.add_argument("--out", required=True, help="the figure: .png, .pdf or .svg")
    one.add_argument("--host", default="captum", choices=("captum", "xplique"))
    one.add_argument("--target", type=int, help="class; by default the one that is predicted")
    one.add_argument("--size", type=int, default=224, help="height and width of the model's input")
    one.add_argument("--regions", type=int, default=49, help="number of superpixels")
    one.add_argument("--search", default="guided", help="how the regions are ordered")
    one.add_argument("--title", help="above the figure")
    one.add_argument("--save", help="write the explanation too, as .npz")
    one.set_defaults(function=commands.explain)

    run = kinds.add_parser(
        "run", help="explain and judge a dataset", description=_CONFIG, formatter_class=_Plain
    )
    run.add_argument("config", help="a TOML file")
    run.add_argument("--engine", choices=ENGINES, help="where the shards are run")
    run.add_argument("--workers", type=int, help="processes or actors")
    run.add_argument("--address", help="of a Ray cluster")
    run.add_argument("--retry-failed", action="store_true", help="ask again for failed examples")
    run.add_argument("--quiet", action="store_true", help="show no progress")
    run.set_defaults(function=commands.run)

    for name, text in (
        ("status", "tell how far the runs in a folder have come"),
        ("verify", "check the runs in a folder; exit code 1 where one is not complete"),
    ):
        look = kinds.add_parser(name, help=text, description=text)
        look.add_argument("folder", help="folder or URL")
        look.set_defaults(function=getattr(commands, name))

    report = kinds.add_parser("report", help="write the report of a run", formatter_class=_Plain)
    report.add_argument("config", help="the TOML file of the run")
    report.add_argument("--out", help="HTML file; by default report.html in the run's folder")
    report.set_defaults(function=commands.report)
    return top


class _Plain(argparse.RawDescriptionHelpFormatter):
    """Descriptions as they are written."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Raises
    ------
    SystemExit
        Always: 0, or 1 where `verify` finds gaps, or 2 with the error in one line.

    Examples
    --------
    >>> main(["verify", "nowhere"])
    Traceback (most recent call last):
    SystemExit: 2
    """
    given = parser().parse_args(arguments)
    try:
        code = given.function(given)
    except (ValueError, TypeError, OSError, ImportError, RuntimeError) as error:
        print(f"submod {given.command}: {error}", file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        print(f"submod {given.command}: interrupted; call it again to go on", file=sys.stderr)
        code = 130
    raise SystemExit(code)
