"""The recipe of the two-task ranker: rows of candidates with relevance and clicks -> a calibrated `retrieval.ranking.Ranker`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import block_diag
from torch import nn

from retrieval.ranking import TEXT_FEATURES, Features, Ranker, prior_wide
from training.ranking_metrics import area_under_curve, best_temperature, calibration_error, ndcg

Progress = Callable[[str, int, int], None]
_RELEVANT, _CLICK = 0, 1
_PLACES = 20
"""Places of a slate whose bias is learnt apart; further ones share the last."""


class RankerDataError(ValueError):
    """Rows that no ranker can be trained on. The text says what was found, what was expected, and the cure."""


@dataclass(frozen=True, slots=True)
class RankerRecipe:
    """How the ranker is trained; the defaults were chosen on 820 judged queries of a hardware shop held back from training."""

    hidden: tuple[int, int] = (48, 24)
    epochs: int = 15
    """Most passes over the lists."""
    patience: int = 4
    """Passes without a better validation figure after which it ends."""
    lists: int = 64
    """Lists a step."""
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    dropout: float = 0.1
    alpha: float = 1.0
    """Weight of the click loss."""
    beta: float = 1.0
    """Weight of the recall loss."""
    sharpness: float = 6.0
    """How far the target of a list leans to its most relevant: softmax(sharpness * relevance)."""
    prior_pull: float = 0.02
    """What a squared step away from the prior costs a weight of the linear part: a small shop stays near it."""
    words: bool = True
    """False keeps what the ranker that it starts from knows of words: a few hundred slates teach nothing about them."""
    members: int = 5
    """Networks whose mean is the ranker, each stopped on another fifth of the lists: nDCG@5 of single ones differs by .003."""
    seed: int = 0


@dataclass(frozen=True)
class RankingRows:
    """Candidates, those of one query or slate side by side. NaN where a label is unknown."""

    text: Features
    """Shape: (n, len(TEXT_FEATURES))."""
    item: Features
    """Shape: (n, len(ITEM_FEATURES))."""
    lists: NDArray[np.int64]
    """The list of each row; the rows of a list follow each other."""
    relevance: NDArray[np.float64]
    """0 to 1."""
    clicked: NDArray[np.float64]
    """0 or 1."""
    place: NDArray[np.int64]
    """The place on the slate, from 0, where a click was possible; 0 elsewhere."""

    def __post_init__(self) -> None:
        count = len(self.text)
        if {len(self.item), len(self.lists), len(self.relevance), len(self.clicked), len(self.place)} != {count}:
            raise RankerDataError(f"found arrays of different lengths beside {count} candidates, expected one label a candidate")
        if not (np.isfinite(self.text).all() and np.isfinite(self.item).all()):
            raise RankerDataError("found features that are no finite numbers, expected all to be. Rebuild the shop's index")
        if not np.isfinite(self.relevance).any() and not np.isfinite(self.clicked).any():
            raise RankerDataError("found no label at all, expected judged pairs or clicks. Import interactions, or name a file")

    def of(self, kept: NDArray[np.bool_]) -> RankingRows:
        """The rows that are kept."""
        return RankingRows(
            self.text[kept], self.item[kept], self.lists[kept], self.relevance[kept], self.clicked[kept], self.place[kept]
        )

    @classmethod
    def joined(cls, parts: Sequence[RankingRows]) -> RankingRows:
        """The rows of several sources, their lists numbered one after the other."""
        if not parts:
            raise RankerDataError("found no lists, expected at least 5. Give more queries or slates")
        offsets = np.cumsum([0, *(int(part.lists.max()) + 1 for part in parts[:-1])])
        moved = [replace(part, lists=part.lists + offset) for part, offset in zip(parts, offsets, strict=True)]
        columns = ("text", "item", "lists", "relevance", "clicked", "place")
        return cls(*(np.concatenate([getattr(part, name) for part in moved]) for name in columns))


@dataclass(frozen=True, slots=True)
class RankerFigures:
    """What the ranker does on lists that it was not trained on; None where no label tells."""

    lists: int
    ndcg5: float | None
    click_auc: float | None
    relevance_error: float | None
    """Expected calibration error of P(relevant) over ten bins, 0 to 1."""
    click_error: float | None
    epochs: int
    ndcg5_before: float | None = None
    """What the ranker that it started from does there; None without one."""
    click_auc_before: float | None = None


def fit_ranker(
    rows: RankingRows, recipe: RankerRecipe, start: Ranker | None = None, progress: Progress | None = None, told: str = ""
) -> tuple[Ranker, RankerFigures]:
    """The mean of networks trained on four fifths of the lists, stopped and calibrated on the rest; and what one that never saw
    the last fifth does there.

    Loss: alpha * binary cross-entropy of clicks, the place's bias added to the log-odds (Zhao et al. 2019)
    + beta * (softmax cross-entropy over each list (Cao et al. 2007) + binary cross-entropy of the relevance).
    """
    if len(np.unique(rows.lists)) < 5:
        raise RankerDataError(f"found {len(np.unique(rows.lists))} lists, expected at least 5. Give more queries or slates")
    torch.set_num_threads(1)  # so small a network only waits for a second thread
    scale = rows.text.std(axis=0)
    scaling = (rows.text.mean(axis=0), np.where(scale > 1e-6, scale, np.float32(1.0)))
    members, epochs = [], 0
    for member in range(recipe.members):
        seeded = replace(recipe, seed=recipe.seed + member)
        net, epoch = _trained(rows, rows.lists % 5 == 4 - member % 5, _Net(seeded, rows, scaling, start), seeded)
        members.append(net)
        epochs = max(epochs, epoch)
        if progress:
            progress("train", member + 1, recipe.members)
    clicks = bool(np.isfinite(rows.clicked).any())
    held = rows.of(rows.lists % 5 == 4)
    figures = _measured(_calibrated(members[:1], held, told, clicks=clicks), held, epochs)
    if start is not None:
        before = _measured(start, held, 0)
        figures = replace(figures, ndcg5_before=before.ndcg5, click_auc_before=before.click_auc)
    return _calibrated(members, held, told, clicks=clicks), figures


def _trained(rows: RankingRows, held: NDArray[np.bool_], net: _Net, recipe: RankerRecipe) -> tuple[_Net, int]:
    """The network trained on what is not held, as it was when it did best on what is; and its passes."""
    train, validation = _Batches(rows.of(~held)), _Batches(rows.of(held))
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps = recipe.epochs * train.steps(recipe.lists)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, total_steps=max(steps, 2))
    best, kept, since, epoch = -np.inf, net.state_dict(), 0, 0
    for epoch in range(1, recipe.epochs + 1):
        net.train()
        for batch in train.shuffled(recipe.lists, recipe.seed + epoch):
            loss = net.loss(batch, recipe)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        figure = _figure(net, validation)
        best, kept, since = (figure, _copied(net), 0) if figure > best else (best, kept, since + 1)
        if since >= recipe.patience:
            break
    net.load_state_dict(kept)
    return net, epoch


class _Net(nn.Module):  # type: ignore[misc]
    """`Ranker` with gradients, and the bias of each place for clicks."""

    def __init__(
        self, recipe: RankerRecipe, rows: RankingRows, scaling: tuple[Features, Features], start: Ranker | None
    ) -> None:
        super().__init__()
        torch.manual_seed(recipe.seed)
        self.mean, self.scale = scaling if start is None else (start.mean, start.scale)
        widths = (len(TEXT_FEATURES), *recipe.hidden, 2) if start is None else (
            len(TEXT_FEATURES), *(len(bias) for _, bias in start.layers)
        )
        self.layers = nn.ModuleList(nn.Linear(one, two) for one, two in pairwise(widths))
        self.dropout = nn.Dropout(recipe.dropout)
        self.wide = nn.Parameter(torch.tensor(prior_wide() if start is None else start.wide))
        self.prior = self.wide.detach().clone()
        self.places = nn.Parameter(torch.zeros(_PLACES))
        self.started = start is not None
        if start is not None:
            for layer, (weights, bias) in zip(self.layers, start.layers, strict=True):
                layer.weight.data = torch.tensor(weights.T.copy())
                layer.bias.data = torch.tensor(bias)
                layer.requires_grad_(recipe.words and bool(rows.text.any()))  # rows without a query teach nothing about words

    def forward(self, text: torch.Tensor, item: torch.Tensor) -> torch.Tensor:
        """Log-odds of both tasks. Shape: (..., 2)."""
        hidden = (text - torch.tensor(self.mean)) / torch.tensor(self.scale)
        for number, layer in enumerate(self.layers):
            hidden = layer(hidden)
            if number + 1 < len(self.layers):
                hidden = self.dropout(nn.functional.silu(hidden))
        return hidden + item @ self.wide

    def loss(self, batch: _Batch, recipe: RankerRecipe) -> torch.Tensor:
        odds = self(batch.text, batch.item)
        pull = recipe.prior_pull * (self.wide - self.prior).square().sum()
        return recipe.beta * self._recall(odds[..., _RELEVANT], batch, recipe) + recipe.alpha * self._click(odds, batch) + pull

    def _recall(self, odds: torch.Tensor, batch: _Batch, recipe: RankerRecipe) -> torch.Tensor:
        known = batch.real & ~batch.relevance.isnan()
        lists = known.sum(dim=1) > 1
        if not bool(lists.any()):
            return odds.new_zeros(())
        relevance = batch.relevance.nan_to_num()
        target = torch.softmax((recipe.sharpness * relevance).masked_fill(~known, -1e9), dim=1)
        chosen = torch.log_softmax(odds.masked_fill(~known, -1e9), dim=1).masked_fill(~known, 0.0)
        listwise = -(target * chosen).sum(dim=1)[lists].mean()
        return listwise + nn.functional.binary_cross_entropy_with_logits(odds[known], relevance[known])

    def _click(self, odds: torch.Tensor, batch: _Batch) -> torch.Tensor:
        known = batch.real & ~batch.clicked.isnan()
        if not bool(known.any()):
            return odds.new_zeros(())
        biased = odds[..., _CLICK] + self.places[batch.place.clamp(max=_PLACES - 1)]
        return nn.functional.binary_cross_entropy_with_logits(biased[known], batch.clicked[known])


@dataclass(frozen=True)
class _Batch:
    """Lists padded to one length. Shapes: (lists, longest, ...)."""

    text: torch.Tensor
    item: torch.Tensor
    relevance: torch.Tensor
    clicked: torch.Tensor
    place: torch.Tensor
    real: torch.Tensor
    """False for padding."""


class _Batches:
    """The lists of some rows, to be taken a few at a time."""

    def __init__(self, rows: RankingRows) -> None:
        self.rows = rows
        self.starts = np.flatnonzero(np.diff(rows.lists, prepend=-1))
        self.lengths = np.diff(np.append(self.starts, len(rows.lists)))

    def steps(self, lists: int) -> int:
        return -(-len(self.starts) // lists)

    def shuffled(self, lists: int, seed: int) -> list[_Batch]:
        order = np.random.default_rng(seed).permutation(len(self.starts))
        return [self.batch(order[start : start + lists]) for start in range(0, len(order), lists)]

    def batch(self, chosen: NDArray[np.integer]) -> _Batch:
        lengths = self.lengths[chosen]
        places = np.arange(int(lengths.max()))
        real = places < lengths[:, None]
        index = np.where(real, self.starts[chosen][:, None] + places, 0)
        rows = self.rows
        relevance, clicked = torch.tensor(rows.relevance[index]).float(), torch.tensor(rows.clicked[index]).float()
        text, item = torch.tensor(rows.text[index]), torch.tensor(rows.item[index])
        return _Batch(text, item, relevance, clicked, torch.tensor(rows.place[index]), torch.tensor(real))


def _copied(net: _Net) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def _odds(net: _Net, rows: RankingRows) -> NDArray[np.float64]:
    net.eval()
    with torch.no_grad():
        odds: NDArray[np.float64] = net(torch.tensor(rows.text), torch.tensor(rows.item)).double().numpy()
    return odds


def _figure(net: _Net, held: _Batches) -> float:
    """What early stopping looks at: nDCG@5 where relevance is known, plus the click's area under the curve."""
    odds = _odds(net, held.rows)
    return (_ndcg5(odds[:, _RELEVANT], held) or 0.0) + (area_under_curve(odds[:, _CLICK], held.rows.clicked) or 0.0)


def _ndcg5(scores: NDArray[np.float64], held: _Batches) -> float | None:
    found = []
    for start, length in zip(held.starts, held.lengths, strict=True):
        relevance = held.rows.relevance[start : start + length]
        known = np.isfinite(relevance)
        if known.sum() > 1 and np.ptp(relevance[known]) > 0:
            found.append(ndcg(4.0 ** relevance[known] - 1.0, scores[start : start + length][known], 5))
    return float(np.mean(found)) if found else None


def _calibrated(members: Sequence[_Net], held: RankingRows, told: str, *, clicks: bool) -> Ranker:
    """The mean of the networks, with the temperatures that make the held lists likeliest."""
    first = members[0]
    wide = np.mean([net.wide.detach().numpy() for net in members], axis=0)
    layers = _averaged(members) if first.started else _side_by_side(members)
    plain = Ranker(first.mean.astype(np.float32), first.scale, layers, wide, np.ones(2, dtype=np.float32))
    odds = plain.odds(held.text, held.item)
    temperature = np.array([best_temperature(odds[:, 0], held.relevance), best_temperature(odds[:, 1], held.clicked)])
    return replace(plain, temperature=temperature.astype(np.float32), click_share=0.5 if clicks else 0.0, told=told)


def _averaged(members: Sequence[_Net]) -> tuple[tuple[Features, Features], ...]:
    """The mean of the weights of members that started alike (Wortsman et al. 2022)."""
    return tuple(
        (
            np.mean([net.layers[number].weight.detach().numpy().T for net in members], axis=0),
            np.mean([net.layers[number].bias.detach().numpy() for net in members], axis=0),
        )
        for number in range(len(members[0].layers))
    )


def _side_by_side(members: Sequence[_Net]) -> tuple[tuple[Features, Features], ...]:
    """The layers of one network whose output is the mean of the members'. All normalise the features alike."""
    layers: list[tuple[Features, Features]] = []
    depth = len(members[0].layers)
    for number in range(depth):
        weights = [net.layers[number].weight.detach().numpy().T for net in members]
        biases = [net.layers[number].bias.detach().numpy() for net in members]
        if number == depth - 1:
            layers.append(((np.concatenate(weights) / len(members)).astype(np.float32), np.mean(biases, axis=0)))
        else:
            joined: Features = np.concatenate(weights, axis=1) if number == 0 else block_diag(*weights).astype(np.float32)
            layers.append((joined, np.concatenate(biases)))
    return tuple(layers)


def _measured(ranker: Ranker, held: RankingRows, epochs: int) -> RankerFigures:
    ranked, batches = ranker.rank(held.text, held.item), _Batches(held)
    return RankerFigures(
        len(batches.starts), _ndcg5(ranked.relevant, batches), area_under_curve(ranked.click, held.clicked),
        calibration_error(ranked.relevant, held.relevance), calibration_error(ranked.click, held.clicked), epochs,
    )
