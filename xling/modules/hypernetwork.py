"""A hypernetwork: one network that generates bottlenecks from embeddings of task, language, layer and place.

Sources: Üstün et al. 2022 (Hyper-X); Baziotis et al. 2022 (hyper-adapters, with their rescaling of what is
generated); Karimi Mahabadi et al. 2021 (HyperFormer++). The norms that the latter two generate too are left
out, and the base's own norms stay as they are: bottlenecks have none here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn
from torch.nn.functional import relu

from xling.errors import InputError
from xling.languages import UNKNOWN
from xling.modules.bottleneck import BottleneckConfig, BottleneckOptions, Bottlenecks
from xling.modules.kind import NONLINEARITIES, Kind, linear
from xling.sites import PLACES, EncoderShape, Place, ResidualState, Rows, key_of
from xling.typology import traits

_ALIKE = 0.1  # how far apart languages start: what is learned of one's task serves the others from the start
MLM = "mlm"  # the task of rows whose last states no head reads
Input = Literal["task", "language", "layer", "place"]
Size = Annotated[int, Field(gt=0, le=1 << 16)]


class HypernetworkConfig(BottleneckOptions, frozen=True):
    """The settings of a hypernetwork; `std` and `up_std` are of the projections that a new one generates.

    Attributes:
        inputs: What the generated weights depend on; each input is an embedding.
        language: Whose embedding a language has: its own (`learned`), or the sum of those of its traits
            (`typology`), so that a language without any text has one too.
        size: The width of an embedding.
        source: The width of the source vector, of which all weights are linear functions.
        rescale: Whether what is generated is divided by the square root of `source`. A new hypernetwork
            generates the same either way. What a training step changes is kept small by `pace` in both.
        tasks: The tasks that have an embedding; a training takes them from its data, as the next two.
        languages: The languages that it is trained on.
        traits: The traits of these languages that have an embedding.
    """

    kind: Literal["hypernetwork"] = "hypernetwork"
    inputs: Annotated[tuple[Input, ...], Field(min_length=1, max_length=4)] = ("task", "language", "layer")
    language: Literal["learned", "typology"] = "learned"
    size: Size = 64
    source: Size = 192
    rescale: bool = False
    tasks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()

    def shared_by(self, tasks: Sequence[str], languages: Sequence[str]) -> HypernetworkConfig:
        """Return the settings for a training on these tasks and languages.

        Raises InputError when traits have embeddings, and nothing is known of a language.
        """
        described = languages if self.language == "typology" else ()
        found = sorted({trait for tag in described for trait in traits(tag)})
        told = {"tasks": tuple(tasks), "languages": tuple(languages), "traits": tuple(found)}
        return self.model_copy(update=told)

    def embedded(self, shape: EncoderShape) -> list[str]:
        """Return the names of all embeddings, such as `task/tagging`, `language/swh` and `layer/0`."""
        names: Mapping[str, Iterable[object]] = {
            "task": self.tasks,
            "language": self.languages if self.language == "learned" else self.traits,
            "layer": range(shape.layers),
            "place": self.places,
        }
        return [f"{kind}/{name}" for kind in self.inputs for name in names[kind]]

    def generated(self, hidden: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the weights that are generated for a site, by their names in a bottleneck."""
        width = self.width(hidden)
        down, up = (width, hidden), (hidden, width)
        return {"down.weight": down, "down.bias": (width,), "up.weight": up, "up.bias": (hidden,)}

    def numbers(self, shape: EncoderShape) -> int:
        """Return how many parameters the hypernetwork has on an encoder, however many sites it serves."""
        into = len(self.inputs) * self.size
        mlp = (into + 1) * self.source + (self.source + 1) * self.source
        generated = sum(map(math.prod, self.generated(shape.hidden).values()))
        return len(self.embedded(shape)) * self.size + mlp + (self.source + 1) * generated

    def ordinary(self) -> BottleneckConfig:
        """Return the settings of the bottlenecks that are generated."""
        return BottleneckConfig(**self.model_dump(include=set(BottleneckOptions.model_fields) - {"kind"}))


class Hypernetwork(nn.Module):
    """The embeddings, the network from them to the source vector, and a linear layer for each weight.

    The linear layers are shared by all sites: a layer and a place in it differ by their embeddings alone.
    """

    def __init__(self, config: HypernetworkConfig, shape: EncoderShape, generator: Generator) -> None:
        super().__init__()
        self.config, self.sites = config, config.sites(shape)
        self.embeddings = nn.ParameterDict(
            {name: _start(name, config.size, generator) for name in config.embedded(shape)}
        )
        into = len(config.inputs) * config.size
        self.first = linear(into, config.source, generator, std=math.sqrt(2 / into))  # before a ReLU
        self.second = linear(config.source, config.source, generator, std=config.source**-0.5)
        self.sizes, self.scale = (
            config.generated(shape.hidden),
            config.source**-0.5 if config.rescale else 1.0,
        )
        spread = self.scale * math.sqrt(config.source)  # of what numbers of variance 1 are mapped to
        stds = {"down.weight": config.std / spread, "up.weight": config.up_std / spread}
        self.generators = nn.ModuleDict(
            {
                key_of(name): linear(config.source, math.prod(size), generator, std=stds.get(name, 0.0))
                for name, size in self.sizes.items()
            }
        )

    @property
    def reads_language(self) -> bool:
        return "language" in self.config.inputs

    @property
    def replaces(self) -> bool:
        return self.config.replaces

    @property
    def pace(self) -> float:
        """One over the numbers that a generated weight is a sum of: all of them move it at once.

        Adam moves each number by the rate. So a generated weight would move `source` times as far in a step
        as one that is stored, and the states of all pieces of a text would become alike.
        """
        return 1 / (self.config.source * self.scale)

    def residual_sites(self) -> Iterable[tuple[int, Place]]:
        return self.sites

    def own(self, layer: int, place: Place, state: ResidualState) -> Tensor:
        """Return the increment, each row by the bottleneck of its own language."""
        languages = state.rows.languages if self.reads_language else ()
        distinct = list(dict.fromkeys(languages or [UNKNOWN]))
        weights = self.weights(layer, place, Rows(distinct, task=state.rows.task))
        if len(distinct) > 1:
            which = [distinct.index(language) for language in languages]
            weights = {name: value[which] for name, value in weights.items()}
        states = self.config.input(state) @ weights["down.weight"].mT + weights["down.bias"][:, None]
        states = NONLINEARITIES[self.config.nonlinearity](states)
        return self.config.scaling * (states @ weights["up.weight"].mT + weights["up.bias"][:, None])

    def weights(self, layer: int, place: Place, rows: Rows) -> dict[str, Tensor]:
        """Return a bottleneck's weights by name, [languages, *shape], for each language of `rows`.

        Raises InputError for a task or a language without an embedding.
        """
        told = {"task": rows.task or MLM, "layer": str(layer), "place": place}
        inputs = torch.stack([self._embedding({**told, "language": tag}) for tag in rows.languages])
        source = self.second(relu(self.first(inputs)))
        return {
            name: (self.scale * self.generators[key_of(name)](source)).unflatten(-1, size)
            for name, size in self.sizes.items()
        }

    @torch.no_grad()
    def bottlenecks(self, language: str, task: str | None, shape: EncoderShape) -> Bottlenecks:
        """Return ordinary bottlenecks that do what this one does for rows of a language and a task.

        Raises InputError for a task or a language without an embedding.
        """
        made = Bottlenecks(self.config.ordinary(), shape, Generator())
        for layer, place in self.sites:
            weights = self.weights(layer, place, Rows([language], task=task))
            made.at[f"{layer}/{place}"].load_state_dict({name: own[0] for name, own in weights.items()})
        return made.requires_grad_(False)

    def _embedding(self, told: Mapping[str, str]) -> Tensor:
        """Return the embeddings of all inputs, one after the other. told: the value of each input."""
        return torch.cat([self._of_input(kind, told[kind]) for kind in self.config.inputs])

    def _of_input(self, kind: str, name: str) -> Tensor:
        if kind == "language" and self.config.language == "typology":
            own = [trait for trait in traits(name) if trait in self.config.traits]
            if own:
                return (
                    torch.stack([self.embeddings[f"{kind}/{trait}"] for trait in own]).sum(0)
                    / len(own) ** 0.5
                )
        elif f"{kind}/{name}" in self.embeddings:
            return self.embeddings[f"{kind}/{name}"]
        raise InputError(
            f"the hypernetwork has no embedding of the {kind} {name!r}",
            where="--plan",
            choices=self.config.languages if kind == "language" else self.config.tasks,
            hint="train it with that one too" if kind == "task" else "state the language of every row",
        )


def _start(name: str, size: int, generator: Generator) -> Tensor:
    """Return a new embedding, of variance 1; those of languages are shorter, and so near each other."""
    drawn = torch.randn(size, generator=generator)
    return _ALIKE * drawn if name.startswith("language/") else drawn


KIND = Kind(
    "hypernetwork",
    HypernetworkConfig,
    Hypernetwork,
    identity=True,
    merges="none",
    presets={
        "hyper-x": (HypernetworkConfig(reduction_factor=3),),
        "hyper-adapter": (HypernetworkConfig(inputs=("language", "layer"), rescale=True),),
        "hyperformer++": (
            HypernetworkConfig(
                inputs=("task", "layer", "place"), places=PLACES, reads="sublayer", nonlinearity="gelu"
            ),
        ),
    },
)
