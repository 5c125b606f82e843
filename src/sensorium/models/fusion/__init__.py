"""Ways to fuse inputs, one Module a file. Adding one is adding a file and naming its class here."""

from torch import nn

from sensorium.models.fusion.attention import AttentionFusion
from sensorium.models.fusion.concat import ConcatFusion

FUSIONS: dict[str, type[nn.Module]] = {"attention": AttentionFusion, "concat": ConcatFusion}
