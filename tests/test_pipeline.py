"""The Xplique pipeline, as a person runs it."""

import sys

import pytest
import xplique_pipeline

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("eagerly")]


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:matplotlib", "ignore:.*FigureCanvasAgg is non-interactive.*"
)
def test_the_pipeline_prints_a_table_and_writes_the_figures(monkeypatch, tmp_path, capsys):
    arguments = ["--scenes", "1", "--samples", "125", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["xplique_pipeline.py", *arguments])
    xplique_pipeline.main()
    printed = capsys.readouterr().out
    for method in ("LiMA", "Rise", "SobolAttributionMethod", "KernelShap", "Occlusion", "Saliency"):
        assert f"\n{method} " in printed
        assert (tmp_path / f"xplique_{method}.png").stat().st_size > 5000
    assert (tmp_path / "xplique_scores.png").exists()
    assert (tmp_path / "xplique_explanation.png").exists()
