"""Small encoders as transformers saves them, made at random."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as library
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import Tensor

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "a", "small", "green", "frog", "big", "."]
TEXT = {"vocab_size": len(WORDS), "max_position_embeddings": 64, **SIZES}
MARKS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
PICTURE = {"image_size": 32, "patch_size": 8, **SIZES}
SQUARE = {"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.25] * 3}
CLIP = PICTURE | {"num_frames": 4}
CLIPPED = {"image_processor_type": "VideoMAEImageProcessor", "size": {"shortest_edge": 32}, "crop_size": 32}
CLIPPED |= {"image_mean": [0.5] * 3, "image_std": [0.25] * 3}
SHORTER = SQUARE | {"size": {"shortest_edge": 32}, "crop_pct": 0.875}
STEPS = {"conv_dim": (8, 8), "conv_stride": (10, 8), "conv_kernel": (10, 8), "num_feat_extract_layers": 2}
SOUND = {"num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2, **STEPS, **SIZES}
WAVES = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 16_000}
BANDS = {"num_mel_bins": 64}
STAGES = {"depths": [1, 1], "num_heads": [2, 2], "window_size": 4, "patch_size": 4, "embed_dim": 8, "image_size": 32}

WRITER = {"d_model": 16}
WRITER |= {f"{half}_{what}": 1 for half in ("encoder", "decoder") for what in ("layers", "attention_heads", "ffn_dim")}
CLAP = {"enable_fusion": True, "patch_embeds_hidden_size": 16, "depths": [1, 1], "num_attention_heads": [2, 2]}
CLAP |= {"hidden_size": 32, "num_mel_bins": 64, "spec_size": 256, "patch_size": 4, "window_size": 4}

MODELS: dict[str, Callable[[], Any]] = {
    "bert": lambda: library.BertModel(library.BertConfig(**TEXT)),
    "bert with a head": lambda: library.BertForMaskedLM(library.BertConfig(**TEXT)),
    "bert in bf16": lambda: library.BertModel(library.BertConfig(**TEXT)).bfloat16(),
    "roberta": lambda: library.RobertaModel(
        library.RobertaConfig(**TEXT | {"max_position_embeddings": 66}, pad_token_id=1, type_vocab_size=1)
    ),
    "t5": lambda: library.T5EncoderModel(
        library.T5Config(vocab_size=len(WORDS), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    ),
    "clip": lambda: library.CLIPModel(
        library.CLIPConfig(text_config=TEXT | MARKS, vision_config=PICTURE, projection_dim=8)
    ),
    "siglip": lambda: library.SiglipModel(
        library.SiglipConfig(text_config=TEXT | MARKS | {"pad_token_id": 2}, vision_config=PICTURE)
    ),
    "vit": lambda: library.ViTModel(library.ViTConfig(**PICTURE)),
    "vit classifier": lambda: library.ViTForImageClassification(library.ViTConfig(**PICTURE)),
    "deit classifier": lambda: library.DeiTForImageClassification(library.DeiTConfig(**PICTURE)),
    "beit classifier": lambda: library.BeitForImageClassification(library.BeitConfig(**PICTURE)),
    "swin classifier": lambda: library.SwinForImageClassification(library.SwinConfig(**STAGES)),
    "convnext classifier": lambda: library.ConvNextForImageClassification(
        library.ConvNextConfig(hidden_sizes=[8, 8, 8, 16], depths=[1] * 4)
    ),
    "resnet classifier": lambda: library.ResNetForImageClassification(
        library.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    ),
    "vit that hides patches": lambda: library.ViTMAEModel(library.ViTMAEConfig(**PICTURE)),
    "videomae": lambda: library.VideoMAEModel(library.VideoMAEConfig(**CLIP)),
    "videomae classifier": lambda: library.VideoMAEForVideoClassification(library.VideoMAEConfig(**CLIP)),
    "timesformer": lambda: library.TimesformerModel(library.TimesformerConfig(**CLIP)),
    "vivit": lambda: library.VivitModel(library.VivitConfig(**CLIP, tubelet_size=[2, 8, 8])),
    "wav2vec2": lambda: library.Wav2Vec2Model(library.Wav2Vec2Config(**SOUND)),
    "wav2vec2 in fp16": lambda: library.Wav2Vec2ForCTC(library.Wav2Vec2Config(**SOUND)).half(),
    "whisper": lambda: library.WhisperForAudioClassification(
        library.WhisperConfig(vocab_size=60, max_source_positions=100, pad_token_id=0, **WRITER)
    ),
    "ast": lambda: library.ASTForAudioClassification(library.ASTConfig(max_length=128, **BANDS, **SIZES)),
    "clap": lambda: library.ClapModel(library.ClapConfig(text_config=SIZES, audio_config=CLAP, projection_dim=8)),
    "hubert": lambda: library.HubertModel(library.HubertConfig(**SOUND)),
}


def make(root: Path, sort: str, beside: dict[str, Any] | None = None) -> Path:
    """A folder with a model of one of `MODELS`, and files of JSON; one that knows words has `WORDS`."""
    folder = root / sort.replace(" ", "-")
    torch.manual_seed(0)
    MODELS[sort]().eval().save_pretrained(folder)
    for name, content in (beside or {}).items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    marks = [(mark, WORDS.index(mark)) for mark in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=marks)
    if {"vocab_size", "text_config"} & set(json.loads((folder / "config.json").read_text())):
        tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def copied(folder: Path, root: Path, weights: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None = None) -> Path:
    """A copy of a folder, with other weights if asked."""
    copy = root / "copy"
    shutil.copytree(folder, copy)
    if weights is not None:
        path = copy / "model.safetensors"
        save_file(weights(load_file(path)), path, metadata={"format": "pt"})
    return copy


def write(folder: Path, name: str, **settings: Any) -> None:
    """Changes some settings in a file of JSON, or makes it; ``None`` takes one out."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({key: value for key, value in (known | settings).items() if value is not None}))


def recipe(folder: Path, **modules: Any) -> None:
    """Writes the files of sentence-transformers: modules by their sort, each with its settings, behind the network."""
    sorts = ["Transformer", *modules]
    paths = ["", *(f"{place}_{sort}" for place, sort in enumerate(modules, 1))]
    listed = [
        {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{sort}"}
        for place, (path, sort) in enumerate(zip(paths, sorts, strict=True))
    ]
    (folder / "modules.json").write_text(json.dumps(listed))
    for path, settings in zip(paths[1:], modules.values(), strict=True):
        write(folder, f"{path}/config.json", **settings)
