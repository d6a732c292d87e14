"""The files of a backtest: `report.json` for machines, `report.html` for an operations manager."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from shared.domain.evaluation import HEADLINE, Evaluation
from shared.ml.page import page
from shared.ml.verdict import BacktestReport, verdict


def as_json(report: BacktestReport) -> str:
    """The same content for machines: horizons by their days, measures by model."""
    setting = asdict(report.setting)
    found = verdict(report)
    content = {
        "history": setting.pop("history"),
        "made_at": setting.pop("made_at"),
        "headline_days": HEADLINE,
        "verdict": asdict(found),
        "setting": setting,
        "horizons": {str(each.horizon_days): _horizon(each, report) for each in report.evaluations},
        "labels": [asdict(each) for each in report.labels],
        "wrong_label": asdict(report.wrong_label) if report.wrong_label else None,
        "drivers": [{"feature": words, "push": push} for words, push in report.drivers],
        "score_parts": [asdict(each) for each in report.score_parts],
        "examples": [asdict(each) for each in report.examples],
        "notes": report.notes,
        "caveats": report.caveats,
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=_plain) + "\n"


def _horizon(evaluation: Evaluation, report: BacktestReport) -> dict[str, Any]:
    content = asdict(evaluation)
    days = content.pop("horizon_days")
    agreement = report.agreements.get(days)
    return content | {
        "comparisons": {
            each.against: {
                "log_loss": asdict(each.log_loss) if each.log_loss else None,
                "auc": asdict(each.auc) if each.auc else None,
            }
            for each in report.comparisons.get(days, ())
        },
        "agreement": asdict(agreement) if agreement else None,
    }


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in a report")


def write(report: BacktestReport, folder: Path) -> None:
    """`report.json` and `report.html` in the folder, which is made if absent."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(as_json(report), encoding="utf-8")
    (folder / "report.html").write_text(page(report), encoding="utf-8")
