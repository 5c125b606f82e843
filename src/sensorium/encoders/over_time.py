"""openWakeWord's speech embedding, made to read whole clips.

Its file reads windows of 76 mel frames one by one. Nothing in it is padded along time and its strides along time
multiply to 8, so one pass over a clip gives exactly the embeddings of all windows that start 8 frames apart, and what
windows share is computed once.
"""

from pathlib import Path

import numpy as np

FRAMES, HOP, BANDS, DIM = 76, 8, 32, 96


def over_time(source: Path, target: Path) -> None:
    """Writes the network with ``frames`` ``[batch, time, 32, 1]`` in and ``windows`` ``[batch, windows, 96]`` out.

    Args:
        source: embedding_model.onnx; it begins and ends with a Reshape of a fixed length.
        target: the file to write.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(source)
    graph = model.graph
    first, last = graph.node[0], graph.node[-1]
    unused = {first.input[1], last.input[1]}
    shapes = {"to_picture": [0, 1, -1, BANDS], "to_windows": [0, -1, DIM]}
    graph.initializer.extend(numpy_helper.from_array(np.array(shape, np.int64), name) for name, shape in shapes.items())
    first.input[:] = ["frames", "to_picture"]
    time_first = helper.make_node("Transpose", [last.input[0]], ["time_first"], perm=[0, 2, 3, 1])
    flat = helper.make_node("Reshape", ["time_first", "to_windows"], ["windows"])
    kept = [tensor for tensor in graph.initializer if tensor.name not in unused]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    del graph.node[-1]
    graph.node.extend([time_first, flat])
    del graph.input[:], graph.output[:], graph.value_info[:]
    graph.input.append(helper.make_tensor_value_info("frames", TensorProto.FLOAT, ["batch", "time", BANDS, 1]))
    graph.output.append(helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["batch", "windows", DIM]))
    onnx.save(model, target)
