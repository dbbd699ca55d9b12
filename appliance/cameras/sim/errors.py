"""What can go wrong in the simulator, with a text that says what to do."""

from __future__ import annotations


class SimulatorError(Exception):
    """A request the simulator cannot fulfil; `code` is stable, the text is for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class SpecError(SimulatorError):
    """A camera's definition is wrong; the text names every wrong field."""

    def __init__(self, text: str) -> None:
        super().__init__("sim.spec", text)


class UnknownNameError(SimulatorError):
    """There is no camera, stream, fault or quirk of that name."""

    def __init__(self, text: str) -> None:
        super().__init__("sim.unknown", text)


class AbandonedError(SimulatorError):
    """Encoding was given up because the simulator is to end."""

    def __init__(self) -> None:
        super().__init__("sim.abandoned", "Encoding was given up.")
