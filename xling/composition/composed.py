"""A composition: a base with the modules of a plan applied at their sites."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from xling.bases.base import Base, all_states, run_encoder
from xling.bases.taps import (
    structural_copy,
    tap_embeddings,
    tap_linear_sites,
    tap_pieces,
    tap_residual_sites,
)
from xling.composition.contents import (
    learning,
    loaded,
    networks_of,
    rewrites,
    routes,
    stacked,
    tokenizer_of,
    vocabulary_of,
)
from xling.composition.fitting import check_fits
from xling.composition.folding import Kept, folded
from xling.composition.forms.auto import divider, listener
from xling.composition.forms.beside import check_combiners, heads_in
from xling.composition.forms.form import HeadState, Plan, TunedByRow, acting, outputs_changed, walk
from xling.composition.forms.route import gather
from xling.composition.forms.single import Loaded
from xling.composition.noise import NO_NOISE, Noise, shaken
from xling.composition.pairing import Pairing, PairReader, pairing_of
from xling.errors import MismatchError, PlanError
from xling.languages import UNKNOWN
from xling.modules.linear_sites import site_of
from xling.modules.module import Module
from xling.pairs import Paired
from xling.sites import (
    NO_ROWS,
    PLACES,
    LinearState,
    Place,
    ReadsPieces,
    ResidualState,
    Rows,
)

Ids = Int[Tensor, "rows length"]
Languages = Sequence[str]
Shares = Mapping[int, Tensor]
Pairs = tuple[Int[Tensor, "rows paired"], Int[Tensor, "rows paired"]]
NO_SHARES: Shares = {}
Way = tuple[int | str, ...]  # the modules that act on a row, and its language if one of them depends on it


class Composition:
    """A base with the modules of a plan; the base itself is never changed.

    Calling a composition returns the hidden states of the last layer. Rows of different languages may share
    a batch. Modules that change hidden states need a single forward pass for all rows; modules that change
    weights need one forward pass for each distinct set of weights. `activate` switches to another plan
    without copying the encoder again.
    """

    def __init__(self, base: Base, plan: Plan | Sequence[Module] = ()) -> None:
        self.base = base
        self.encoder = structural_copy(base.encoder)
        self._rows, self._taps = NO_ROWS, ExitStack()
        tap_residual_sites(self.encoder, base.family, self._increment)
        tap_embeddings(self.encoder, base.family, self._embed)
        tap_pieces(self.encoder, base.family, self._read)
        self.activate(plan)

    def activate(self, plan: Plan | Sequence[Module]) -> None:
        """Apply the modules of another plan, or a list of modules with the lowest first.

        Raises MismatchError when a module was made for another base, and PlanError when the plan combines
        scores: such a plan needs an `Ensemble`.
        """
        node = stacked(plan) if isinstance(plan, Sequence) else acting(plan)
        check_combiners([node])
        leaves = list(loaded(node))
        for leaf in leaves:
            check_fits(leaf.module, self.base)
        self.node, self._routes = node, routes(node)
        self._task = next((facts.task for facts in reversed(heads_in(node))), None)
        self.networks = [network.to(self.encoder.device) for network in networks_of(node)]
        self._changed = _changed(leaves, self.base)
        self._taps.close()
        sites = {place: site_of(place, self.base.shape) for place in outputs_changed(node)}
        self._taps = tap_linear_sites(self.encoder, sites, self._linear_increment)
        self._kept: Kept = {}
        self._speakers: dict[Way, str] = {}
        self._tokenizers: dict[int, Any] = {}
        self._pairs = PairReader(self.base, node) if any(leaf.pairing for leaf in leaves) else None
        self._own_pieces = any(leaf.vocabulary for leaf in leaves)
        self.rewrites, self.identify, self.divide = rewrites(node), listener(node), divider(node)
        self.train(False)

    def __call__(
        self,
        ids: Ids,
        mask: Ids,
        languages: Languages = (),
        shares: Shares = NO_SHARES,
        pairs: Pairs | None = None,
    ) -> Float[Tensor, "rows length hidden"]:
        """Return the last layer's hidden states of a right-padded batch.

        ids, mask: piece ids and attention mask, both [rows, length]. languages: the language of each row,
        needed only by plans that route by language. shares: the weights of the plans in `tuned`. pairs: piece
        ids and attention mask of the rows' paired texts, in the base's pieces; without them, each row is its
        own pair in plans that read one.
        """
        paired = self._paired(ids, mask, pairs)
        rows = Rows(self._of_rows(languages, ids), mask, shares, self._task, paired)
        if not self._routes:
            return self._pass(ids, mask, rows)
        passes = self._passes(rows.languages)
        states = [self._pass(ids[own], mask[own], rows.some(own)) for own in passes]
        return gather(list(zip(passes, states, strict=True)))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the plan's head scores, in the order of the scores; empty without a head."""
        return next((facts.labels for facts in heads_in(self.node)), ())

    def vocabulary(self, language: str = UNKNOWN) -> ReadsPieces | None:
        """The vocabulary module used for rows of a language; None when they use the base's vocabulary."""
        return vocabulary_of(self.node, language) if self._own_pieces else None

    def tokenizer(self, language: str = UNKNOWN) -> Any:
        """The tokenizer for rows of a language: that of a vocabulary module, or else the base's."""
        own = self.vocabulary(language)
        if own is None:
            return self.base.tokenizer
        if id(own) not in self._tokenizers:
            self._tokenizers[id(own)] = tokenizer_of(self.base, self.node, language)
        return self._tokenizers[id(own)]

    def layers(
        self, ids: Ids, mask: Ids, languages: Languages = ()
    ) -> Float[Tensor, "layers_and_one rows length hidden"]:
        """Return the hidden states after the embeddings and after every layer.

        Raises PlanError when the rows' languages need different weights, hence several forward passes.
        """
        own = self._paired(ids, mask, None)
        rows = Rows(self._of_rows(languages, ids), mask, task=self._task, paired=own)
        if len({self._way(language) for language in rows.languages}) > 1:
            raise PlanError(
                "the states of all layers are asked for rows that pass different weights",
                where="--plan",
                hint="ask for the rows of one language at a time",
            )
        self._rows = rows
        weights = self._weights(rows.languages[0] if rows.languages else UNKNOWN)
        return all_states(self.encoder, self.base.family, ids, mask, weights)

    @contextmanager
    def observing(
        self, see: Callable[[str, LinearState], None], places: Sequence[str] = ()
    ) -> Iterator[None]:
        """Call `see` with the inputs and outputs of linear layers during every forward pass in the block.

        see: a function of a layer's key, such as `0.attention.query`, and a `LinearState`; it cannot change
        the outputs. Rows with different weights are observed in separate forward passes. places: the keys of
        the layers to observe; all of them by default. Raises InputError when the base has no linear layer of
        that key.

        Example:
            >>> with composition.observing(lambda place, state: print(place, state.inputs.shape)):
            ...     composition(ids, mask)  # doctest: +SKIP
        """
        shape = self.base.shape
        named = places or [f"{layer}.{name}" for layer, name in shape.linear]
        sites = {place: site_of(place, shape) for place in named}

        def show(place: str, inputs: Tensor, outputs: Tensor) -> None:
            see(place, LinearState(inputs, outputs, self._rows))

        with tap_linear_sites(self.encoder, sites, show):
            yield

    @property
    def tuned(self) -> list[TunedByRow]:
        """The plans within it whose weights can be tuned for each row, while labels are predicted."""
        return [inner for inner in walk(self.node) if isinstance(inner, TunedByRow)]

    def scores(
        self,
        ids: Ids,
        mask: Ids,
        languages: Languages = (),
        shares: Shares = NO_SHARES,
        pairs: Pairs | None = None,
    ) -> Float[Tensor, "rows *scored labels"]:
        """Return the logits of the topmost head, one for each label. The plan must have a task module."""
        return self.scored(self(ids, mask, languages, shares, pairs), mask, languages)

    def scored(
        self, states: Float[Tensor, "rows length hidden"], mask: Ids, languages: Languages = ()
    ) -> Float[Tensor, "rows *scored labels"]:
        """Return the logits of the topmost head for hidden states of the last layer."""
        found = self.node.scores(HeadState(states, Rows(self._of_rows(languages, states), mask)))
        assert found is not None, "the plan has no task module"
        return found

    def undo(
        self, states: Float[Tensor, "positions hidden"], languages: Languages = ()
    ) -> Float[Tensor, "positions hidden"]:
        """Apply the inverse of the modules on the embeddings, as the MLM decoder needs it.

        languages: the language of each position's row, needed only by plans that route by language.
        """
        return self.node.unembed(states, Rows(self._of_rows(languages, states)))

    def rewritten(self, units: Sequence[str], language: str = UNKNOWN) -> Sequence[str]:
        """Return the tokens, or the words between blanks, as the plan's modules rewrite them."""
        return self.node.rewritten(units, language)

    def pairing(self, language: str = UNKNOWN) -> Pairing | None:
        """What stands for the paired text of rows without one; None when the plan reads none for them."""
        return None if self._pairs is None else pairing_of(self.node, language)

    def train(self, training: bool = True, *, noise: Noise = NO_NOISE) -> None:
        """Switch dropout in the modules on or off; `noise` says what is disturbed in the frozen encoder."""
        self.encoder.train(training and noise.dropout)
        self._jitter = noise.jitter if training else 0.0
        for network in self.networks:
            network.train(training)

    def _of_rows(self, languages: Languages, rows: Tensor) -> Languages:
        """The language of each row if the plan routes by it; otherwise rows are not counted (tracing)."""
        return languages or [UNKNOWN] * len(rows) if self._routes else languages

    def _paired(self, ids: Ids, mask: Ids, pairs: Pairs | None) -> Paired | None:
        """What the base has for paired texts, or else for the rows; None when nothing in the plan reads it.

        Raises PlanError when it is asked for rows that may be of another vocabulary than the base's.
        """
        if self._pairs is None:
            return None
        if pairs is None and self._own_pieces:
            raise PlanError(
                "a module of the plan reads a translation of each text in the base's own pieces, and here "
                "texts are read in another vocabulary alone",
                where="--plan",
                hint="leave the vocabulary out",
            )
        return self._pairs.read(*(pairs or (ids, mask)))

    def _pass(self, ids: Ids, mask: Ids, rows: Rows) -> Tensor:
        """Run one forward pass over rows that share one set of weights."""
        self._rows = rows
        weights = self._weights(rows.languages[0] if rows.languages else UNKNOWN)
        return run_encoder(self.encoder, self.base.family, ids, mask, weights)

    def _passes(self, languages: Languages) -> list[list[int]]:
        """The row numbers of each forward pass; rows with the same active modules are adjacent in it."""
        passes: dict[Way, dict[Way, list[int]]] = {}
        for row, language in enumerate(languages):
            whole = tuple(id(leaf) for leaf in self.node.active(language))
            passes.setdefault(self._way(language), {}).setdefault(whole, []).append(row)
        return [[row for rows in ways.values() for row in rows] for ways in passes.values()]

    def _way(self, language: str) -> Way:
        """A key that is equal for languages whose rows use the same encoder weights."""
        weighers = [leaf for leaf in self.node.active(language) if leaf.weighers]
        read = [language] if any(part.reads_language for leaf in weighers for part in leaf.weighers) else []
        return (*map(id, weighers), *read)

    def _weights(self, language: str) -> Mapping[str, Tensor]:
        """The encoder's changed parameters for rows of a language; cached unless they are being trained.

        Languages that share their weights (see `_way`) use the parameters of the first of them.
        """
        if not self._changed:
            return {}
        speaker = self._speakers.setdefault(self._way(language), language)
        return folded(
            self.base,
            self.node,
            self._changed,
            language=speaker,
            learning=learning(self.node),
            kept=self._kept,
        )

    def _read(self, ids: Tensor, table: Tensor) -> Tensor | None:
        """Look up the embeddings of pieces, each row in its own vocabulary; None when all use the base's."""
        if not self._own_pieces:
            return None
        own = [self.vocabulary(language) for language in self._rows.languages or [UNKNOWN]]
        different = list({id(found): found for found in own}.values())
        if len(different) == 1:
            return _vectors(different[0], ids, table)
        rows = [[row for row, found in enumerate(own) if found is one] for one in different]
        parts = zip(rows, different, strict=True)
        return gather([(numbers, _vectors(one, ids[numbers], table)) for numbers, one in parts])

    def _embed(self, states: Tensor) -> Tensor:
        return self.node.embed(states, self._rows)

    def _increment(self, layer: int, place: Place, state: ResidualState) -> Tensor | None:
        found = self.node.increment(layer, place, replace(state, rows=self._rows))
        return shaken(found, state, self._jitter) if self._jitter and place == PLACES[-1] else found

    def _linear_increment(self, place: str, inputs: Tensor, outputs: Tensor) -> Tensor | None:
        return self.node.linear_increment(place, LinearState(inputs, outputs, self._rows))


def _vectors(vocabulary: ReadsPieces | None, ids: Tensor, table: Tensor) -> Tensor:
    return torch.nn.functional.embedding(ids, table) if vocabulary is None else vocabulary.vectors(ids, table)


def _changed(leaves: Sequence[Loaded], base: Base) -> list[str]:
    """The names of the parameters that some module changes, in the order of the encoder's parameters."""
    named = {name for leaf in leaves for part in leaf.weighers for name in part.weight_names(base.shape)}
    for name in named - base.shape.parameters.keys():
        raise MismatchError(
            f"the base {base.id} has no parameter {name}, which a module changes", where="--plan"
        )
    return [name for name in base.shape.parameters if name in named]
