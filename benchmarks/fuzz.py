"""Each parser of foreign bytes under atheris, which follows coverage: for as long as somebody likes, by hand.

atheris is not among the tools of the project: it needs Linux and a Python that it was built for.

    pip install atheris
    python benchmarks/fuzz.py junit-xml -max_total_time=300
    for name in $(python benchmarks/fuzz.py); do python benchmarks/fuzz.py "$name" -max_total_time=60; done

What fells a parser is written to ``crash-...``: put it into ``tests/torture/seeds/NAME``, see the test fail, mend it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def main() -> int:
    """Fuzz one parser, or name them all."""
    if len(sys.argv) == 1:
        from tests.torture.parsers import PARSERS  # noqa: PLC0415 - loaded under atheris where something is fuzzed

        print(*PARSERS)
        return 0
    import atheris  # noqa: PLC0415 - see the module

    with atheris.instrument_imports(include=["pytest_bugguard"]):
        from tests.torture.parsers import PARSERS, seeds  # noqa: PLC0415 - as above

    name, *options = sys.argv[1:]
    corpus = Path(tempfile.mkdtemp(prefix="bugguard-fuzz-"))
    for number, seed in enumerate(seeds(name)):
        (corpus / str(number)).write_bytes(seed)
    atheris.Setup([sys.argv[0], *options, str(corpus)], PARSERS[name].survives)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
