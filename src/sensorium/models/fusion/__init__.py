"""Ways to fuse inputs, one Module a file. Adding one is adding a file and naming its class here."""

from sensorium.models.fusion.attention import AttentionFusion
from sensorium.models.fusion.concat import ConcatFusion
from sensorium.models.fusion.fusion import Fusion
from sensorium.models.fusion.linear import LinearFusion

FUSIONS: dict[str, type[Fusion]] = {"attention": AttentionFusion, "concat": ConcatFusion, "linear": LinearFusion}
