"""Draw the least errors and print the fits.

Run ``python -m submod_core.theory --output least_errors.png``.
"""

import argparse
from pathlib import Path

from submod_core.theory.figure import fits_table, plot_least_errors, save_figure

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m submod_core.theory", description="Least errors, and their fits."
    )
    parser.add_argument(
        "--largest", type=int, default=60, help="largest number of features in the figure"
    )
    parser.add_argument("--output", type=Path, default=Path("least_errors.png"))
    args = parser.parse_args()
    if args.largest < 3:
        parser.error(f"argument --largest: must be at least 3 features, not {args.largest}")
    save_figure(plot_least_errors(args.largest), args.output)
    print(fits_table())
    print(f"\nwrote {args.output}")
