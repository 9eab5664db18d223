"""Any concept that can be named, by Segment Anything Model 3.

Carion et al., "SAM 3: Segment anything with concepts", 2025. The model code is transformers'; the
pre- and post-processing are our own, since the library's would need torchvision and holds every
instance at full size as 64-bit integers. Needs requirements-gpu.txt and a checkpoint on disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from jobs.gpu.engine.arrays import Floats, Mask, Rgb
from jobs.gpu.engine.errors import ModelError
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.segmenters.instance import Instance
from jobs.gpu.engine.segmenters.letters import ink_of
from jobs.gpu.engine.segmenters.prompts import concept_for
from jobs.presets import canonical

# The score, 0-1, above which an instance is seen: a query's score times the one for the concept
# being in the picture at all. As in the authors' own code; transformers' default is 0.3.
_SCORE: Final = 0.5
# The likelihood, 0-1, above which a pixel is an instance's; theirs and transformers'.
_MASK: Final = 0.5
# How many concepts go through the decoder together: bounds the memory of the device.
_CONCEPTS_AT_ONCE: Final = 4
# The tokens of a prompt, as many as the text encoder has positions; a longer prompt is cut off.
_PROMPT_TOKENS: Final = 32
_TEXT: Final = "label_text"
_BACKGROUND: Final = "background"
_PRODUCT: Final = "Product"
_REMEMBERED_PROMPTS: Final = 512
# Half of 0-255, which mean and deviation 0.5 come to.
_HALF_RANGE: Final = 127.5


class Sam3Segmenter:
    """One model in memory; the picture is encoded once for all concepts."""

    name = "sam3"

    def __init__(self, checkpoint: Path, *, device: str | None = None) -> None:
        """Load a checkpoint folder, on the graphics card when there is one.

        The first call of CUDA happens here: make it in the process that will do the work. Raises
        ModelError when torch or transformers are not installed or the folder holds no checkpoint.
        """
        try:
            import torch
            from transformers import AutoTokenizer, Sam3Model
        except ImportError as error:
            raise ModelError("the sam3 backend needs requirements-gpu.txt") from error
        if not (checkpoint / "config.json").is_file():
            raise ModelError(f"there is no checkpoint in the folder {checkpoint}")
        self._torch = torch
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._dtype = _precision(torch, self._device)
        try:
            model = Sam3Model.from_pretrained(checkpoint, dtype=self._dtype, local_files_only=True)
            self._tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
        except Exception as error:  # the libraries raise a wide family for a bad checkpoint
            raise ModelError("the sam3 checkpoint cannot be loaded") from error
        self._model = model.eval().to(self._device)
        self._side = int(self._model.config.vision_config.backbone_config.image_size)
        self._prompts: dict[str, tuple[Any, Any]] = {}
        self.version = _version(checkpoint)

    def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
        """See `Segmenter.segment`. Nothing is unsupported: every name is a prompt."""
        names = tuple(dict.fromkeys(concepts))
        masks: dict[str, Mask] = {}
        instances: dict[str, tuple[Instance, ...]] = {}
        not_found: list[str] = []
        # A background is whatever the product is not: as a thing of its own it has no outline.
        prompts = {name: _asked_for(name) for name in names}
        with self._inference():
            vision = self._model.get_vision_features(self._pixels(rgb))
            for some in _chunks(names, _CONCEPTS_AT_ONCE):
                asked = [prompts[name] for name in some]
                for name, found in zip(some, self._look(vision, asked, rgb.shape[:2]), strict=True):
                    if found is None:
                        not_found.append(name)
                    elif canonical(name) == _BACKGROUND:
                        masks[name] = 255 - found[0]
                    elif canonical(name) == _TEXT:
                        masks[name], instances[name] = ink_of(rgb, found[0]), found[1]
                    else:
                        masks[name], instances[name] = found
        return Segmentation(masks, tuple(not_found), (), instances)

    def _look(
        self, vision: Any, names: Sequence[str], shape: tuple[int, int]
    ) -> Iterator[tuple[Mask, tuple[Instance, ...]] | None]:
        """What the model sees of each concept; None for what it does not see."""
        text, attention = self._text([concept_for(name).prompt for name in names])
        output = self._model(
            vision_embeds=_repeated(vision, len(names)),
            text_embeds=text,
            attention_mask=attention,
        )
        scores = output.pred_logits.float().sigmoid() * output.presence_logits.float().sigmoid()
        for index in range(len(names)):
            kept = (scores[index] > _SCORE).nonzero().ravel()
            kept = kept[scores[index][kept].argsort(descending=True)]
            if not len(kept):
                yield None
                continue
            likely = output.pred_masks[index][kept].float().sigmoid().cpu().numpy()
            boxes = output.pred_boxes[index][kept].float().clamp(0, 1).cpu().tolist()
            found = tuple(
                Instance((box[0], box[1], box[2], box[3]), float(score))
                for box, score in zip(boxes, scores[index][kept].tolist(), strict=True)
            )
            mask = _union(likely, shape)
            yield (mask, found) if mask.any() else None

    def _pixels(self, rgb: Rgb) -> Any:
        """1x3xSxS, -1 to 1."""
        batch = self._torch.from_numpy(preprocessed(rgb, self._side)).to(self._device)
        return batch.to(self._dtype)

    def _text(self, prompts: Sequence[str]) -> tuple[Any, Any]:
        """Embeddings and attention masks of prompts; each prompt is encoded once and remembered."""
        from transformers.modeling_outputs import BaseModelOutputWithPooling

        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._prompts]
        if new:
            tokens = self._tokenizer(
                new,
                padding="max_length",
                max_length=_PROMPT_TOKENS,
                truncation=True,
                return_tensors="pt",
            ).to(self._device)
            encoded = self._model.get_text_features(**tokens, return_dict=True).pooler_output
            if len(self._prompts) + len(new) > _REMEMBERED_PROMPTS:
                # Clients name concepts freely; what comes back is encoded once more.
                kept = {prompt: self._prompts[prompt] for prompt in prompts if prompt not in new}
                self._prompts = kept
            for row, prompt in enumerate(new):
                self._prompts[prompt] = (encoded[row], tokens["attention_mask"][row])
        pairs = [self._prompts[prompt] for prompt in prompts]
        stack = self._torch.stack
        text = BaseModelOutputWithPooling(pooler_output=stack([pair[0] for pair in pairs]))
        return text, stack([pair[1] for pair in pairs])

    @contextmanager
    def _inference(self) -> Iterator[None]:
        """No gradients; whatever the device complains of becomes a ModelError."""
        try:
            with self._torch.inference_mode():
                yield
        except (RuntimeError, ValueError) as error:
            if self._device.type == "cuda":
                self._torch.cuda.empty_cache()
            raise ModelError("the sam3 model could not run") from error


def preprocessed(rgb: Rgb, side: int) -> Floats:
    """A picture as the model wants it, 1x3xSxS, -1 to 1 (mean and deviation 0.5)."""
    shrinks = side < min(rgb.shape[:2])
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    square = cv2.resize(rgb, (side, side), interpolation=how).astype(np.float32)
    scaled = (square * np.float32(1 / _HALF_RANGE) - 1).transpose(2, 0, 1)[np.newaxis]
    return np.ascontiguousarray(scaled, np.float32)


def _union(likely: Floats, shape: tuple[int, int]) -> Mask:
    """Instance masks (k x h x w, 0-1) joined at the size of the picture, one at a time."""
    union = np.zeros(shape, np.bool_)
    for one in likely:
        enlarged = cv2.resize(one, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
        union |= enlarged > _MASK
    return union.view(np.uint8) * np.uint8(255)


def _asked_for(name: str) -> str:
    """The concept whose prompt finds what a name stands for."""
    return _PRODUCT if canonical(name) == _BACKGROUND else name


def _repeated(vision: Any, times: int) -> Any:
    """The encoded picture for several concepts, without copying it."""

    def expanded(layers: Any) -> tuple[Any, ...]:
        return tuple(layer.expand(times, *layer.shape[1:]) for layer in layers)

    return type(vision)(
        last_hidden_state=vision.last_hidden_state,
        fpn_hidden_states=expanded(vision.fpn_hidden_states),
        fpn_position_encoding=expanded(vision.fpn_position_encoding),
    )


def _precision(torch: Any, device: Any) -> Any:
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def _version(checkpoint: Path) -> str:
    """Tells two checkpoints apart without reading gigabytes."""
    files = sorted(checkpoint.glob("*.safetensors"))
    return "-".join(f"{file.stat().st_size:x}.{file.stat().st_mtime_ns:x}" for file in files)


def _chunks(names: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    rest = iter(names)
    while some := tuple(islice(rest, size)):
        yield some
