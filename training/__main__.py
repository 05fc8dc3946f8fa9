"""One command: train, judge, export and report, going on where an earlier run stopped.

nice -n 19 python -m training --annomi DIR --rapport-codes DIR --work DIR
nice -n 19 python -m training try --annomi ... --work DIR --note WHY name=value ...
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training import folds
from training.recipe import Recipe, changed

__all__ = ["main"]


def main() -> int:
    """Run what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__.split("\n")[0])
    parser.add_argument(
        "what", nargs="?", default="all", choices=["all", "try", "folds", "final", "curve", "report"]
    )
    parser.add_argument(
        "--annomi", type=Path, required=True, help="folder with simple.csv and full.csv"
    )
    parser.add_argument("--rapport-codes", type=Path, required=True, help="folder with dev.csv")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints and logs")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at the same time")
    parser.add_argument("--fold", type=int, default=0, help="the fold that `try` judges on")
    parser.add_argument("--note", default="", help="what `try` tries, for the report")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="changes to the recipe"
    )
    arguments = parser.parse_args()
    for folder in (arguments.annomi, arguments.rapport_codes):
        if not folder.is_dir():
            parser.error(f"{folder}: no such folder")
    arguments.work.mkdir(parents=True, exist_ok=True)
    place = folds.Place(arguments.annomi, arguments.rapport_codes, arguments.work)
    recipe = changed(Recipe(), arguments.set)
    run(place, recipe, arguments)
    return 0


def run(place: folds.Place, recipe: Recipe, arguments: argparse.Namespace) -> None:
    """Do the stages in their order."""
    what = arguments.what
    if recipe.frozen_layers == 6 and not (place.work / "model" / "encoder.onnx").exists():
        from training.network import Coder, base_folder
        from training.quantised import write_encoder

        (place.work / "model").mkdir(exist_ok=True)
        write_encoder(Coder(recipe, base_folder()).eval(), place.work / "model")
    if what == "try":
        folds.try_recipe(place, recipe, arguments.fold, arguments.note)
        return
    if what in ("all", "folds"):
        folds.run_jobs(place, [folds.Job(recipe, k) for k in range(folds.FOLDS)], arguments.jobs)
    if what in ("all", "final"):
        from training import export

        weights = folds.train_final(place, recipe)
        export.export(place, recipe, weights)
    if what in ("all", "curve"):
        folds.run_jobs(place, folds.curve_jobs(recipe), arguments.jobs)
    if what in ("all", "report"):
        from training import report

        report.write(place, recipe)


if __name__ == "__main__":
    sys.exit(main())
