"""The prompt of XTTS's transformer, before its first audio token: voice, text and a start token.

Importing this imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def prompt_embedding(gpt: Any, voice: Tensor, text_tokens: Sequence[int]) -> Tensor:
    """Embeddings of shape [1, positions, width], the same as in coqui-tts's `GPT.compute_embeddings`.

    `gpt` is coqui-tts's `GPT`; `voice` are a speaker's conditioning latents, of shape
    [1, latents, width].
    """
    device = gpt.mel_head.weight.device
    framed = [gpt.start_text_token, *text_tokens, gpt.stop_text_token]
    text = torch.tensor([framed], device=device)
    start = torch.tensor([[gpt.start_audio_token]], device=device)
    return torch.cat(
        [
            voice.to(device),
            gpt.text_embedding(text) + gpt.text_pos_embedding(text),
            gpt.mel_embedding(start) + gpt.mel_pos_embedding(start),
        ],
        dim=1,
    )
