"""A simulated source is said on every page that it reaches; other reports have no such banner."""

from dataclasses import replace
from pathlib import Path

from cosmopolis.publish import report as module
from cosmopolis.publish.result import Result

BANNERS = {"en": "SYNTHETIC DATA — invented for tests", "zh": "合成数据——为测试而虚构"}


def test_a_simulated_source_marks_every_page(result: Result, tmp_path: Path) -> None:
    note, *others = result.sources
    marked = replace(note.source, title={"en": "SYNTHETIC: papers", "zh": "合成数据：论文"})
    result = replace(result, sources=(replace(note, source=marked), *others))
    for language, path in module.write(result, tmp_path).items():
        text = path.read_text(encoding="utf-8")
        assert text.count(f'<p class="synthetic" role="note">{BANNERS[language]}</p>') == 1
        print_rules = text.split("@media print{", 1)[1]
        assert ".synthetic{position:fixed" in print_rules.split("</style>")[0]


def test_data_have_no_banner(report: dict[str, str]) -> None:
    for language, text in report.items():
        assert BANNERS[language] not in text
