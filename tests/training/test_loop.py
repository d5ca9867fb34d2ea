"""The loop: rates by hand, accumulation, clipping, the best step."""

from __future__ import annotations

import json
import signal
import threading

import pytest
import torch
from torch import nn

from xling.errors import InputError
from xling.training.checkpoints import Checkpoints
from xling.training.loop import NotFinite, OutOfMemory, fit, learning_rate, planned_steps
from xling.training.reporting import Log, Silent
from xling.training.specs import TrainingSettings


class Slopes:
    """Pass n pulls the weight with a given slope; a look at it returns the next score."""

    def __init__(self, weight, slopes, scores=(), higher_is_better=True):
        self.weight, self.slopes, self.scores = weight, slopes, list(scores)
        self.higher_is_better = higher_is_better
        self.seen, self.read = [], []

    def passes_per_epoch(self):
        return 7

    def loss(self, number):
        self.read.append(number)
        return (self.weight * self.slopes[number % len(self.slopes)]).sum(), 3

    def evaluate(self):
        self.seen.append(self.weight.detach().clone())
        return self.scores[len(self.seen) - 1] if self.scores else None


def run(settings, slopes, scores=(), **kind):
    weight = nn.Parameter(torch.tensor([1.0, -2.0]))
    objective = Slopes(weight, slopes, scores, **kind)
    outcome = fit(
        objective, {"w": weight}, settings, seed=0, checkpoints=Checkpoints(None), reporter=Silent()
    )
    return weight.detach(), outcome, objective


def adamw(gradients, rates, decay=0.0):
    """AdamW (Loshchilov and Hutter 2019) on one number, from its formula."""
    value, mean, square = 1.0, 0.0, 0.0
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        value -= rate * decay * value
        value -= rate * (mean / (1 - 0.9**step)) / ((square / (1 - 0.999**step)) ** 0.5 + 1e-8)
    return value


def test_the_rate_rises_and_falls_in_straight_lines():
    settings = TrainingSettings(steps=10, learning_rate=1.0, warmup_fraction=0.4)
    found = [learning_rate(step, 10, settings) for step in range(10)]
    assert found == pytest.approx([1 / 5, 2 / 5, 3 / 5, 4 / 5, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])
    steady = TrainingSettings(steps=4, learning_rate=2.0, warmup_fraction=0.0)
    assert [learning_rate(step, 4, steady) for step in range(4)] == pytest.approx([2, 1.5, 1, 0.5])


def test_steps_follow_the_formula_with_decay_and_clipping():
    settings = TrainingSettings(
        steps=3, learning_rate=0.1, warmup_fraction=0.0, weight_decay=0.5, clip_norm=1.0
    )
    slopes = [torch.tensor([100.0, 0.0]), torch.tensor([0.5, 0.0]), torch.tensor([-30.0, 0.0])]
    weight, outcome, _ = run(settings, slopes)
    rates = [learning_rate(step, 3, settings) for step in range(3)]
    assert weight[0].item() == pytest.approx(adamw([1.0, 0.5, -1.0], rates, decay=0.5), abs=1e-5)
    assert outcome.tokens == 9 and outcome.steps == 3


def test_some_parameters_take_a_share_of_the_rate_and_are_clipped_with_the_others():
    settings = TrainingSettings(steps=3, learning_rate=0.1, warmup_fraction=0.0, clip_norm=1.0)
    quick, slow = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    objective = Slopes(quick, [0.0])
    objective.loss = lambda number: ((3 * quick + 4 * slow).sum(), 1)
    checkpoints = Checkpoints(None)
    parameters, paces = {"a": quick, "b": slow}, {"b": 0.25, "unknown": 9.0}
    fit(objective, parameters, settings, seed=0, checkpoints=checkpoints, reporter=Silent(), paces=paces)
    rates = [0.1, 0.1 * 2 / 3, 0.1 / 3]
    assert quick.item() == pytest.approx(adamw([0.6] * 3, rates), abs=1e-6)
    assert slow.item() == pytest.approx(adamw([0.8] * 3, [rate / 4 for rate in rates]), abs=1e-6)


def test_accumulated_passes_are_one_step_of_their_mean():
    slopes = [torch.tensor([0.1, 0.3]), torch.tensor([0.5, -0.1])]
    two = TrainingSettings(steps=4, learning_rate=0.1, accumulation=2)
    one = TrainingSettings(steps=4, learning_rate=0.1)
    weight, outcome, _ = run(two, slopes)
    assert torch.allclose(weight, run(one, [(slopes[0] + slopes[1]) / 2])[0], atol=1e-6)
    assert outcome.tokens == 2 * 4 * 3


@pytest.mark.parametrize(("higher", "best"), [(True, 4), (False, 2)])
def test_the_best_values_stay(higher, best):
    settings = TrainingSettings(steps=6, learning_rate=0.1, evaluate_every=2)
    weight, outcome, objective = run(
        settings, [torch.tensor([0.3, 0.4])], scores=[1.0, 9.0, 5.0], higher_is_better=higher
    )
    assert (outcome.best_step, outcome.best_score) == (best, 9.0 if higher else 1.0)
    assert torch.equal(weight, objective.seen[best // 2 - 1])
    assert not torch.equal(weight, objective.seen[2])


class InTurns:
    """Odd passes read one parameter, even ones another."""

    higher_is_better = None

    def __init__(self, parameters):
        self.parameters = list(parameters.values())

    def passes_per_epoch(self):
        return 2

    def loss(self, number):
        return ((self.parameters[number % 2] - 1) ** 2).sum(), 1

    def evaluate(self):
        return None


class Stop(Silent):
    def __init__(self, at):
        self.at = at

    def tick(self, tick):
        if tick.step == self.at:
            raise KeyboardInterrupt


def test_parameters_that_take_turns_are_resumed_with_their_own_count(tmp_path):
    settings = TrainingSettings(steps=9, learning_rate=0.1, checkpoint_every=1, weight_decay=0.1)

    def values(folder, at=None):
        own = {name: nn.Parameter(torch.tensor([2.0, -1.0])) for name in "ab"}
        kept = Checkpoints(folder)
        fit(InTurns(own), own, settings, seed=0, checkpoints=kept, reporter=Stop(at))
        return torch.stack([value.detach() for value in own.values()])

    for at in (4, 7):
        with pytest.raises(KeyboardInterrupt):
            values(tmp_path, at)
    assert torch.equal(values(tmp_path), values(None))


def test_how_long_a_run_is():
    weight = nn.Parameter(torch.ones(1))
    objective = Slopes(weight, [torch.ones(1)])
    lengths = {
        "steps": (TrainingSettings(steps=5, epochs=9.0), 5),
        "epochs": (TrainingSettings(epochs=2.0), 14),
    }
    lengths["accumulated"] = (TrainingSettings(epochs=2.0, accumulation=3), 5)
    for settings, expected in lengths.values():
        assert planned_steps(objective, {"w": weight}, settings, 0) == expected
    timed = planned_steps(objective, {"w": weight}, TrainingSettings(minutes=0.001), 0)
    assert timed >= 1 and weight.grad is None
    with pytest.raises(InputError, match="give steps, epochs or minutes"):
        planned_steps(objective, {"w": weight}, TrainingSettings(), 0)


class Heard(Silent):
    """Remembers what it was told."""

    def __init__(self):
        self.words = []

    def begin(self, step, steps, phase=""):
        self.words.append("begin")

    def end(self):
        self.words.append("end")


@pytest.mark.parametrize("slopes", [[1.0], []])
def test_a_reporter_hears_of_the_end_even_of_a_broken_run(slopes):
    weight, heard = nn.Parameter(torch.tensor([1.0])), Heard()
    settings = TrainingSettings(steps=2)
    objective = Slopes(weight, slopes)
    arguments = {"seed": 0, "checkpoints": Checkpoints(None), "reporter": heard}
    if slopes:
        fit(objective, {"w": weight}, settings, **arguments)
    else:
        with pytest.raises(ZeroDivisionError):
            fit(objective, {"w": weight}, settings, **arguments)
    assert heard.words == ["begin", "end"]


class Interrupted(Slopes):
    """Ctrl-C is pressed in the second step, `times` times."""

    times = 1

    def loss(self, number):
        for _ in range(self.times if number == 1 else 0):
            signal.raise_signal(signal.SIGINT)
        return super().loss(number)


@pytest.fixture
def ctrl_c():
    """Python's own handling of Ctrl-C, which a test run in the background starts without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted_run(folder, objective):
    fit(
        objective, {"w": objective.weight}, TrainingSettings(steps=4, learning_rate=0.1, checkpoint_every=0),
        seed=0, checkpoints=Checkpoints(folder), reporter=Silent()
    )  # fmt: skip
    return objective.weight.detach().clone()


def a_weight():
    return nn.Parameter(torch.tensor([1.0, -2.0]))


def test_an_interrupt_waits_for_the_step_and_keeps_it(tmp_path, ctrl_c):
    undisturbed = interrupted_run(tmp_path / "one", Slopes(a_weight(), [1.0, 0.5, -0.3]))
    with pytest.raises(KeyboardInterrupt):
        interrupted_run(tmp_path / "two", Interrupted(a_weight(), [1.0, 0.5, -0.3]))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    rest = Slopes(a_weight(), [1.0, 0.5, -0.3])
    assert torch.equal(interrupted_run(tmp_path / "two", rest), undisturbed)
    assert rest.read == [2, 3]


def test_a_second_interrupt_does_not_wait(tmp_path, ctrl_c):
    objective = Interrupted(a_weight(), [1.0])
    objective.times = 2
    with pytest.raises(KeyboardInterrupt):
        interrupted_run(tmp_path, objective)
    assert not any(tmp_path.rglob("*.safetensors"))


def test_elsewhere_interrupts_are_left_alone(tmp_path, ctrl_c):
    kept = []
    thread = threading.Thread(
        target=lambda: kept.append(interrupted_run(tmp_path, Slopes(a_weight(), [1.0])))
    )
    thread.start()
    thread.join()
    assert len(kept) == 1
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        interrupted_run(tmp_path / "ignored", Interrupted(a_weight(), [1.0]))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


class Breaks(Slopes):
    """A loss that is no number from some pass on."""

    def __init__(self, weight, first, value):
        super().__init__(weight, [1.0])
        self.first, self.value = first, value

    def loss(self, number):
        loss, tokens = super().loss(number)
        return (loss * self.value if number >= self.first else loss), tokens


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_state(value, tmp_path):
    weight = nn.Parameter(torch.tensor([1.0, -2.0]))
    settings = TrainingSettings(steps=9, checkpoint_every=0)
    log = Log(tmp_path / "log.jsonl", "run")
    with pytest.raises(NotFinite, match="the loss is (nan|inf|-inf) in step 4 of 9; .*--fresh"):
        fit(Breaks(weight, 3, value), {"w": weight}, settings, seed=0,
            checkpoints=Checkpoints(tmp_path), reporter=log)  # fmt: skip
    assert [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()] == [
        1,
        2,
        3,
    ]
    again = nn.Parameter(torch.zeros(2))
    progress = Checkpoints(tmp_path).restore({"w": again}, torch.optim.AdamW([again]))
    assert progress is not None and progress.step == 3
    assert torch.isfinite(again).all() and torch.equal(again, weight)


def test_a_gradient_that_is_not_finite_changes_nothing(tmp_path):
    weight = nn.Parameter(torch.tensor([0.0, 1.0]))

    class Root(Slopes):
        def loss(self, number):
            return self.weight.sqrt().sum(), 1

    with pytest.raises(NotFinite, match="the gradient is not finite in step 1 of 2"):
        fit(Root(weight, [1.0]), {"w": weight}, TrainingSettings(steps=2), seed=0,
            checkpoints=Checkpoints(tmp_path), reporter=Silent())  # fmt: skip
    assert weight.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("error", [
    MemoryError(), torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
], ids=lambda error: type(error).__name__)  # fmt: skip
def test_out_of_memory_is_told_and_the_same_run_goes_on(tmp_path, error):
    class Large(Slopes):
        def loss(self, number):
            if number == 3 and not again:
                raise error
            return super().loss(number)

    def run():
        weight = nn.Parameter(torch.tensor([1.0, -2.0]))
        fit(Large(weight, [1.0]), {"w": weight}, TrainingSettings(steps=5, checkpoint_every=1), seed=0,
            checkpoints=Checkpoints(tmp_path), reporter=Log(tmp_path / "log.jsonl", "run"))  # fmt: skip

    again = False
    with pytest.raises(OutOfMemory, match="out of memory in step 4 of 5; .*fewer batch_tokens"):
        run()
    again = True
    run()
    steps = [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3, 4, 5]


def test_other_errors_stay_what_they_are(tmp_path):
    class Wrong(Slopes):
        def loss(self, number):
            raise RuntimeError("size mismatch")

    weight = a_weight()
    with pytest.raises(RuntimeError, match="size mismatch"):
        fit(Wrong(weight, [1.0]), {"w": weight}, TrainingSettings(steps=2), seed=0,
            checkpoints=Checkpoints(tmp_path), reporter=Silent())  # fmt: skip
