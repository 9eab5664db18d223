"""What a network in training is told off for."""

import torch
import torch.nn.functional as F
from photos import OTHER, SOMETHING, UNCLEAR

# Rare classes count more.
WEIGHTS = (1.0, 1.0, 1.0, 1.3, 2.0, 1.4, 1.6, 1.0)


def loss_of(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy, and one less the soft overlap for each class that is there.

    What stands in the room is one class at first; a second cross entropy tells it apart, where
    the outlines do.
    """
    logs = scores.log_softmax(1)
    rough = torch.cat([logs[:, :OTHER], logs[:, OTHER:].logsumexp(1, keepdim=True)], 1)
    clear = labels != UNCLEAR
    wanted = torch.where(clear, labels.clamp(max=OTHER), UNCLEAR)
    entropy = F.cross_entropy(
        rough, wanted, weight=torch.tensor(WEIGHTS), ignore_index=UNCLEAR, label_smoothing=0.05
    )
    loss = entropy + 0.7 * _missed(rough.exp(), wanted)
    told = clear & (labels >= OTHER) & (labels != SOMETHING)
    if told.sum() > 25:
        within = scores[:, OTHER:].permute(0, 2, 3, 1)[told]
        loss = loss + 0.7 * told.sum() / clear.sum() * F.cross_entropy(
            within, labels[told] - OTHER, label_smoothing=0.05
        )
        certain = torch.where(labels == SOMETHING, UNCLEAR, labels)
        loss = loss + 0.3 * _missed(logs.exp(), certain, OTHER)
    return loss


def _missed(likely: torch.Tensor, labels: torch.Tensor, first: int = 0) -> torch.Tensor:
    """One less the soft overlap, the mean of the classes that are there, from the first on."""
    count = likely.shape[1]
    clear = (labels != UNCLEAR)[:, None]
    likely = (likely * clear)[:, first:]
    truth = F.one_hot(labels.clamp(max=count - 1), count).permute(0, 3, 1, 2) * clear
    truth = truth[:, first:]
    both = (likely * truth).sum((0, 2, 3))
    either = (likely + truth - likely * truth).sum((0, 2, 3))
    there = truth.sum((0, 2, 3)) > 12
    if not there.any():
        return likely.sum() * 0
    return (1 - (both[there] + 1) / (either[there] + 1)).mean()
