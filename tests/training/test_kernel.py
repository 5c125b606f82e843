import pandas as pd
import torch

from sensorium.models.network import NetworkConfig
from sensorium.targets import Number
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig
