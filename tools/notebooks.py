"""The notebooks, one for each question: `python -m tools.notebooks` writes them and runs them, so that their answers show."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HOME = Path(__file__).parent.parent / "docs" / "notebooks"

NOTEBOOKS: dict[str, list[str]] = {
    "agreement": [
        "# Is there a deal?\n\nA supply contract with eight issues. A result shows itself; `chart()` gives its figure.",
        "import detente\n\ncase = detente.load('parts-supply')\nresult = detente.agreement(case)\nprint(result.explain())",
        "result.zone.exists, result.zone.count, len(result.front)",
        "Four rules share the gains in four ways. All of them are efficient; none is the fair deal.",
        "{rule: result.space.outcome(found.levels) for rule, found in result.solutions.items() if found is not None}",
        "result",
        "Who cares more about what? Contested issues are fought over, the others can be traded.",
        "{trade.issue: trade.kind for trade in result.trades}",
        "result.to_polars().head(5)",
    ],
    "standoff": [
        "# Why are we stuck?\n\nThe Cuban missile crisis as Fraser and Hipel modelled it (1984).",
        "import detente\n\nresult = detente.standoff(detente.load('cuba-1962'))\nprint(result.explain())",
        "{concept: result.equilibria(concept).tolist() for concept in ('nash', 'gmr', 'smr', 'seq', 'sseq')}",
        "What deters the Soviet Union from going back on a withdrawal?",
        "result.because('USSR', {'missiles': 'withdraw'}, 'seq')",
        "result",
        "What would unlock cooperation in the prisoner's dilemma?",
        "dilemma = detente.standoff(detente.load('prisoners-dilemma'))\n"
        "answer = dilemma.unlock({'first': 'cooperate', 'second': 'cooperate'}, 'nash')\n"
        "[(party.party, party.count, party.total) for party in answer.parties]",
    ],
    "roadmap": [
        "# Which steps get there, and hold?\n\nStockholm, October 2019: a package against step by step.",
        "import detente\n\ncase = detente.load('stockholm-2019')\nresult = detente.roadmap(case, 'freeze')\nprint(result.explain())",
        "[dict(step.moves) for step in result.steps(result.main.answer.shown)]",
        "result",
        "Full and irreversible denuclearisation: what is missing, and what would do?",
        "full = detente.roadmap(case, 'full-irreversible')\nprint(full.explain())",
        "[(remedy.what, remedy.works) for remedy in full.remedies][:6]",
    ],
    "table": [
        "# What happens at the table?\n\nTwo strategies bargain over a labour contract, five hundred times.",
        "import detente\n\nresult = detente.table(detente.load('mill-contract'), runs=500, seed=1)\nprint(result.explain())",
        "result",
        "A league: every pair of strategies in both roles.",
        "league = detente.tournament([detente.load('mill-contract')], ['boulware', 'linear', 'conceder', 'micro', 'hardliner'])\n"
        "league.to_polars()",
    ],
    "forecast": [
        "# Where will it drift?\n\nThe reform of upstream oil and gas in China, with the published data of KTAB (KAPSARC, 2019).",
        "import detente\n\ncase = detente.load('china-energy')\nresult = detente.forecast(case, turns=27)\nprint(result.explain())",
        "result",
        "The expected-utility model is a spread of sixteen readings, not one number.",
        "print(detente.forecast(case, model='eum').explain())",
    ],
    "confidence": [
        "# How sure are we?\n\nEvery number of a case is somebody's judgement. What changes with it?",
        "import detente\nfrom detente.analysis.confidence import Sample\n\n"
        "case = detente.load('stockholm-2019')\nresult = detente.confidence(case, sample=Sample(2_000, 0), levers=False)\nprint(result.explain())",
        "result",
        "Each side's own formula, on the same draws as the case as it stands.",
        "detente.compare(case, ['us-formula', 'north-formula'], sample=Sample(500, 0)).to_polars().head(6)",
    ],
}


def made(name: str) -> nbformat.NotebookNode:
    """A notebook without its answers. Cells of code are those that Python can compile."""
    cells = [new_code_cell(text) if _code(text) else new_markdown_cell(text) for text in NOTEBOOKS[name]]
    for place, cell in enumerate(cells):
        cell["id"] = f"{name}-{place}"
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=cells, metadata=about)


def _code(text: str) -> bool:
    try:
        compile(text, "cell", "exec")
    except SyntaxError:
        return False
    return not text.startswith("#")


def run(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with its answers; raises where a cell fails."""
    NotebookClient(notebook, timeout=300, kernel_name="python3", record_timing=False).execute()
    notebook.metadata.pop("language_info", None)
    return notebook


def main() -> None:
    """Writes and runs all of them, and the page that lists them."""
    lines = [
        "# Notebooks",
        "One for each question, run with the version that this page belongs to. Download one and open it in Jupyter.",
    ]
    for name, cells in NOTEBOOKS.items():
        nbformat.write(run(made(name)), HOME / f"{name}.ipynb")
        title, _, told = cells[0].removeprefix("# ").partition("\n\n")
        lines.append(f"- [{title}]({name}.ipynb) {told}")
    text = "\n\n".join([*lines[:2], "\n".join(lines[2:])]) + "\n"
    (HOME / "index.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
