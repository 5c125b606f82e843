"""Ways to fuse inputs, one Module a file. Adding one is adding a file and naming its class here."""

from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it imports torch, and params.yaml is checked without
    from sensorium.models.fusion.fusion import Fusion

FUSIONS = {
    "attention": f"{__name__}.attention:AttentionFusion",
    "average": f"{__name__}.average:AverageFusion",
    "bottleneck": f"{__name__}.bottleneck:BottleneckFusion",
    "concat": f"{__name__}.concat:ConcatFusion",
    "cross_attention": f"{__name__}.cross_attention:CrossAttentionFusion",
    "gated": f"{__name__}.gated:GatedFusion",
    "kernel": f"{__name__}.kernel:KernelFusion",
    "linear": f"{__name__}.linear:LinearFusion",
    "low_rank": f"{__name__}.low_rank:LowRankFusion",
    "pairs": f"{__name__}.pairs:PairsFusion",
    "trees": f"{__name__}.trees:TreesFusion",
    "weighted": f"{__name__}.weighted:WeightedFusion",
}


def fusion_class(kind: str) -> "type[Fusion]":
    """The Module of this name."""
    return resolve_name(FUSIONS[kind])
