"""A classifier with 8-bit weights, run by ONNX Runtime: a few times faster on a CPU.

Made once from the weights beside it: exported by torch, quantised by ONNX Runtime.
"""

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any, Final

from connectors.files import put_in_place

FILE: Final = "tidewire-int8.onnx"
INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")
OPSET: Final = 18


class Int8Classifier:
    """Logits from token ids; called from one thread at a time."""

    def __init__(self, model: Any, directory: Path) -> None:
        """Load the quantised model, which is made from `model` if it is not there yet."""
        import onnxruntime

        file = directory / FILE
        if not file.is_file():
            _make(model, file)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
        self._wanted = [i.name for i in self._session.get_inputs()]

    def logits(self, tokenizer: Any, ids: list[list[int]]) -> Any:
        """Return one row of logits per text, as a NumPy array."""
        import numpy as np

        padded = tokenizer.pad({"input_ids": ids}, return_tensors="np")
        given = {name: np.asarray(padded[name], np.int64) for name in padded}
        given.setdefault("token_type_ids", np.zeros_like(given["input_ids"]))
        return self._session.run(None, {name: given[name] for name in self._wanted})[0]


def _make(model: Any, file: Path) -> None:
    """Export and quantise; whole or not at all."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    class Logits(torch.nn.Module):  # type: ignore[misc]  # torch is not there in every check
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            return self.model(**dict(zip(INPUTS, inputs, strict=True))).logits

    whole, draft = file.with_suffix(".fp32.draft"), file.with_suffix(".draft")
    example = tuple(torch.ones(2, 6, dtype=torch.int64) for _ in INPUTS)
    texts, tokens = torch.export.Dim("texts", max=4096), torch.export.Dim("tokens", max=512)
    shapes = {"inputs": tuple({0: texts, 1: tokens} for _ in INPUTS)}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # of the exporter, about itself
        torch.onnx.export(
            Logits().eval(), example, str(whole), input_names=list(INPUTS),
            output_names=["logits"], dynamic_shapes=shapes, dynamo=True, verbose=False,
            opset_version=OPSET,
        )  # fmt: skip
        quantize_dynamic(str(whole), str(draft), weight_type=QuantType.QInt8)
    for leftover in file.parent.glob(f"{whole.name}*"):
        leftover.unlink()
    put_in_place(draft, file)
