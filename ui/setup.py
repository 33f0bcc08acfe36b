"""What `make setup` does after the packages are in: model files fetched and converted, the demo shop built."""

from __future__ import annotations

import sys

from ui.places import DEMO, quiet_libraries


def main() -> int:
    """Fetch, check and convert the default models, and build the demo shop; each part only when it is absent."""
    quiet_libraries()
    from assistant.errors import AssistantError
    from retrieval.errors import RetrievalError
    from ui.terminal import note
    from ui.wiring import ModelChoice, choose_model, open_shop

    def progress(phase: str, done: int, total: int | None) -> None:
        if total and done == total:
            note(f"{phase}: done")

    try:
        choose_model(ModelChoice())
        open_shop(DEMO, progress).close()
    except (AssistantError, RetrievalError) as error:
        note(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
