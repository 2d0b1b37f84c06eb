"""Stacked networks in PyTorch, and PyTorch's optimizers with a learning rate and a weight decay per member."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from yaynay.models.network import Shape, Weights, is_decayed

_ACTIVATE = {"relu": torch.relu_, "silu": nn.functional.silu, "tanh": torch.tanh}


class StackedLinear(nn.Module):
    """A linear layer of every member, side by side.

    Shape:
        weight (n_members, fan_in, fan_out), bias (n_members, 1, fan_out) or None,
        input (n_members, n_rows, fan_in), output (n_members, n_rows, fan_out).

    Example:
        >>> StackedLinear(torch.ones(3, 2, 4), torch.zeros(3, 1, 4))(torch.ones(3, 5, 2)).shape
        torch.Size([3, 5, 4])
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.bias = None if bias is None else nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.weight.shape[2] == 1:  # a product with one column is slow as a matrix product
            output = (x * self.weight.transpose(1, 2)).sum(dim=2, keepdim=True)
            return output if self.bias is None else output + self.bias
        return torch.bmm(x, self.weight) if self.bias is None else torch.baddbmm(self.bias, x, self.weight)


class FleetNetwork(nn.Module):
    """Networks of one shape; `state_dict()` is the fleet, keyed as in `Shape.weight_shapes`.

    Args:
        shape: Every member's network.
        weights: Stacked weights, which the parameters take over.

    Example:
        >>> shape = Shape(n_features=2, depth=1, width=4)
        >>> weights = {name: np.zeros((3, *dims)) for name, dims in shape.weight_shapes.items()}
        >>> network = FleetNetwork(shape, weights)
        >>> list(network.state_dict())
        ['layer0.weight', 'layer0.bias', 'layer1.weight', 'layer1.bias']
        >>> network(torch.ones(3, 5, 2, dtype=torch.float64)).shape
        torch.Size([3, 5])
    """

    def __init__(self, shape: Shape, weights: Weights) -> None:
        super().__init__()
        tensors = {name: torch.from_numpy(np.require(array, requirements="W")) for name, array in weights.items()}
        self.activate = _ACTIVATE[shape.activation]
        self.layers = []
        for i in range(shape.depth + 1):
            layer = StackedLinear(tensors[f"layer{i}.weight"], tensors[f"layer{i}.bias"])
            self.add_module(f"layer{i}", layer)
            self.layers.append(layer)
        self.skip = StackedLinear(tensors["skip.weight"], None) if shape.has_skip else None

    @property
    def dtype(self) -> torch.dtype:
        return self.layers[0].weight.dtype

    def forward(self, x: Tensor) -> Tensor:
        """Outputs, (n_members, n_rows), for x (n_members, n_rows, n_features)."""
        hidden = x
        for layer in self.layers[:-1]:
            hidden = self.activate(layer(hidden))
        output = self.layers[-1](hidden)
        if self.skip is not None:
            output = output + self.skip(x)
        return output[..., 0]

    def weights(self) -> Weights:
        """The parameters as NumPy arrays."""
        return {name: parameter.detach().cpu().numpy() for name, parameter in self.named_parameters()}


class PerMember(torch.optim.Optimizer):
    """Makes one of PyTorch's optimizers update stacked parameters with each member's own rates.

    Consecutive members with the same rates are a parameter group: views of their part of every stack. So the
    arithmetic is PyTorch's own, fused, and a member's state is dropped with it.

    Args:
        stacks: Parameters by name, each (n_members, fan_in, fan_out).
        lr, weight_decay: Of each member, (n_members,); decay applies to layer weights only (`network.is_decayed`).
    """

    def __init__(self, stacks: Mapping[str, nn.Parameter], lr: NDArray, weight_decay: NDArray) -> None:
        self.stacks, self.member_rates = dict(stacks), np.stack([lr, weight_decay], axis=1)
        super().__init__(self._make_groups(), fused=self._is_fused())  # type: ignore[call-arg]  # of SGD or Adam

    def _is_fused(self) -> bool:
        return next(iter(self.stacks.values())).device.type in ("cpu", "cuda", "mps")

    def _make_groups(self) -> list[dict[str, Any]]:
        is_new = np.any(np.diff(self.member_rates, axis=0) != 0, axis=1)
        edges = [0, *(np.flatnonzero(is_new) + 1).tolist(), len(self.member_rates)]
        self.views: dict[str, list[tuple[slice, Tensor]]] = {name: [] for name in self.stacks}
        groups = []
        for span in (slice(*edge) for edge in pairwise(edges)):
            lr, decay = self.member_rates[span.start].tolist()
            for has_decay in (True, False):
                names = [name for name in self.stacks if is_decayed(name) is has_decay]
                views = [self.stacks[name].detach()[span] for name in names]
                for name, view in zip(names, views, strict=True):
                    self.views[name].append((span, view))
                if views:
                    groups.append({"params": views, "lr": lr, "weight_decay": decay if has_decay else 0.0})
        return groups

    def zero_grad(self, set_to_none: bool = True) -> None:
        for stack in self.stacks.values():
            stack.grad = None

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of every member present."""
        loss = None if closure is None else closure()
        for name, views in self.views.items():
            gradient = self.stacks[name].grad
            for span, view in views:
                view.grad = gradient if gradient is None else gradient[span]
        super().step()
        return loss

    @torch.no_grad()
    def keep(self, kept: NDArray[np.intp]) -> None:
        """Continue with these members only: shrink the parameters and their optimizer state.

        Args:
            kept: Positions among the members present, in order, (n_kept,).
        """
        here = torch.as_tensor(kept, device=next(iter(self.stacks.values())).device)
        known = {
            name: self._gather([self.state[view] for _, view in views], here) for name, views in self.views.items()
        }
        for stack in self.stacks.values():
            stack.data, stack.grad = stack.data[here], None
        self.member_rates = self.member_rates[kept]
        self.param_groups.clear()
        self.state.clear()
        for group in self._make_groups():
            self.add_param_group(group)
        for name, views in self.views.items():
            for span, view in views:
                self.state[view] = {
                    key: value[span] if value.ndim else value.clone() for key, value in known[name].items()
                }

    @staticmethod
    def _gather(states: list[dict[str, Tensor]], here: Tensor) -> dict[str, Tensor]:
        """A stack's state joined over its views and reduced to some members; the count of steps is common."""
        return {
            key: torch.cat([state[key] for state in states])[here] if value.ndim else value
            for key, value in states[0].items()
        }


class FleetSGD(PerMember, torch.optim.SGD):
    """`torch.optim.SGD` with each member's own rates."""


class FleetAdam(PerMember, torch.optim.Adam):
    """`torch.optim.Adam` with each member's own rates."""


class FleetAdamW(PerMember, torch.optim.AdamW):
    """`torch.optim.AdamW` with each member's own rates."""


OPTIMIZERS: dict[str, Callable[..., PerMember]] = {
    "sgd": FleetSGD,
    "adam": FleetAdam,
    "adamw": FleetAdamW,
}
