"""Detectors of Hugging Face: proposals as the library reads them, and LiMA on their boxes."""

import numpy as np
import pytest
import torch
from hf_models import seeded, transformers

from captum_submod import DetectionScore, DETRProposals, LiMA

SIZE, LABELS = 64, 4
IMAGES = torch.rand(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
TEXTS = torch.tensor([[1, 5, 6, 2], [1, 7, 8, 2]])
TRANSFORMER = {
    "d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "num_queries": 6,
    "num_labels": LABELS, "use_timm_backbone": False, "use_pretrained_backbone": False,
}  # fmt: skip
LAYERS = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
PATCHES = {"hidden_size": 16, "patch_size": 16} | LAYERS


def backbone(kind="ResNetConfig", stages=("stage2",)):
    sizes = [4, 8, 16, 16][: 2 if len(stages) == 1 else 4]
    return getattr(transformers, kind)(
        embedding_size=4, hidden_sizes=sizes, depths=[1] * len(sizes), layer_type="basic",
        out_features=list(stages),
    )  # fmt: skip


def detr_like(name, **options):
    config = getattr(transformers, f"{name}Config")(
        backbone_config=backbone(), **(TRANSFORMER | options)
    )
    return getattr(transformers, f"{name}ForObjectDetection")(config)


def yolos():
    config = transformers.YolosConfig(
        image_size=[SIZE, SIZE], num_detection_tokens=6, num_labels=LABELS, **PATCHES
    )
    return transformers.YolosForObjectDetection(config)


def rt_detr():
    config = transformers.RTDetrConfig(
        backbone_config=backbone("RTDetrResNetConfig", ("stage2", "stage3", "stage4")),
        encoder_in_channels=[8, 16, 16], decoder_in_channels=[16] * 3, encoder_hidden_dim=16,
        encoder_ffn_dim=16, encoder_attention_heads=2, d_model=16, num_queries=6, decoder_layers=1,
        decoder_ffn_dim=16, decoder_attention_heads=2, num_denoising=0, num_labels=LABELS,
    )  # fmt: skip
    return transformers.RTDetrForObjectDetection(config)


def owl_vit():
    text = {"vocab_size": 30, "hidden_size": 16, "max_position_embeddings": 8} | LAYERS
    config = transformers.OwlViTConfig(
        text_config=text | {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2},
        vision_config=PATCHES | {"image_size": SIZE}, projection_dim=16,
    )  # fmt: skip
    return transformers.OwlViTForObjectDetection(config)


# How the model is made, its processor, and whether the last class is "no object".
MODELS = {
    "DETR": (lambda: detr_like("Detr"), "DetrImageProcessorPil", True),
    "YOLOS": (yolos, "YolosImageProcessorPil", True),
    "Conditional DETR": (
        lambda: detr_like("ConditionalDetr"), "ConditionalDetrImageProcessorPil", False
    ),
    "Deformable DETR": (
        lambda: detr_like("DeformableDetr", num_feature_levels=1, decoder_layers=2),
        "DeformableDetrImageProcessorPil", False,
    ),
    "RT-DETR": (rt_detr, "RTDetrImageProcessorPil", False),
    "OWL-ViT": (owl_vit, "OwlViTImageProcessorPil", False),
}  # fmt: skip


def detector_of(model):
    """The model as a function of images alone; OWL-ViT gets two texts with each."""
    if "OwlViT" not in type(model).__name__:
        return lambda images: model(pixel_values=images)

    def with_texts(images):
        ids = TEXTS.repeat(len(images), 1)
        return model(pixel_values=images, input_ids=ids, attention_mask=torch.ones_like(ids))

    return with_texts


@pytest.mark.parametrize(("make", "processor", "no_object"), MODELS.values(), ids=MODELS)
def test_proposals_are_those_of_the_library(make, processor, no_object):
    model = seeded(make, 0.3).eval()
    with torch.no_grad():
        outputs = detector_of(model)(IMAGES)
    size = (SIZE, 2 * SIZE)
    found = DETRProposals(no_object)(outputs, size)
    theirs = getattr(transformers, processor)().post_process_object_detection(
        outputs, threshold=0.0, target_sizes=[size] * len(IMAGES)
    )
    for boxes, scores, one in zip(found.boxes, found.scores, theirs, strict=True):
        assert len(one["scores"])
        for box, score, label in zip(one["boxes"], one["scores"], one["labels"], strict=True):
            # OWL-ViT's boxes may end outside of the image, where others are as they are.
            same = (boxes - box).abs().amax(1) < 1e-3
            assert same.any()
            assert (scores[same, label] - score).abs().min() < 1e-5
        # The library keeps the best class of each query, or the best pairs of all.
        assert float(one["scores"].max()) == pytest.approx(float(scores.max()), abs=1e-6)


@pytest.mark.parametrize(("make", "processor", "no_object"), MODELS.values(), ids=MODELS)
def test_lima_explains_a_box_of_each(make, processor, no_object):
    model = seeded(make, 0.3).eval()
    detector, reader = detector_of(model), DETRProposals(no_object)
    with torch.no_grad():
        found = reader(detector(IMAGES), (SIZE, SIZE))
    places = (found.scores.amax(2) * (found.boxes[..., 2:] > found.boxes[..., :2]).all(-1)).argmax(
        1
    )
    boxes = found.boxes[torch.arange(2), places]
    labels = found.scores[torch.arange(2), places].argmax(1)
    lima = LiMA(DetectionScore(detector, reader), regions=(2, 2))
    explained = lima.explain(IMAGES, 0.5, None, (boxes, labels), perturbations_per_eval=4)
    for i, one in enumerate(explained):
        whole = float(found.scores[i, places[i], labels[i]])
        assert one.curves.insertion[-1] >= whole * (1 - 1e-4), "the box itself is proposed"
        kept = torch.from_numpy(np.broadcast_to(one.prefix(2), (3, SIZE, SIZE)).copy())
        masked = torch.where(kept, IMAGES[i], torch.tensor(0.5))[None]
        with torch.no_grad():
            wanted = DetectionScore(detector, reader)(masked, boxes[i : i + 1], labels[i : i + 1])
        assert one.curves.insertion[2] == pytest.approx(float(wanted), rel=1e-4)


def test_what_the_library_calls_no_object_is_said_by_the_number_of_classes():
    for make, _, no_object in list(MODELS.values())[:-1]:
        model = seeded(make)
        with torch.no_grad():
            classes = model.eval()(pixel_values=IMAGES[:1]).logits.shape[-1]
        assert classes == LABELS + no_object
