"""All that is tried of one part: every form, then every student as it is and in the form that suited its teacher."""

from functools import partial

from sensorium.compression.bench import Bench
from sensorium.compression.choice import Candidate, preferred
from sensorium.compression.forms import make_form
from sensorium.compression.parts import FP32, Part
from sensorium.compression.settings import Compress
from sensorium.compression.students import Distil
from sensorium.errors import UserError
from sensorium.progress import progress


def try_part(part: Part, bench: Bench, settings: Compress, distil: Distil) -> list[Candidate]:
    """The candidates of a part, fp32 first; what could not be made or run is in ``part.refused``.

    Args:
        part: its other variants are made here.
        bench: measures them.
        settings: what to try.
        distil: writes a student of this part.

    Raises:
        UserError: if not even fp32 runs.
    """
    original = bench.measure(part, FP32)
    if original is None:
        raise UserError(f"compress: the network of {part.name} does not run as ONNX: {part.refused[FP32]}.")
    if not bench.rows.values.get(part.name, [0]):
        part.refused |= dict.fromkeys(settings.forms, "no test row has this input, so nothing can be proven")
        return [original]
    candidates = [original]
    with progress() as bar:
        for form in bar.track(settings.forms, description=f"forms of {part.name}"):
            candidates += _tried(part, bench, form, FP32, form)
    suited = [one.variant for one in preferred(candidates, settings)[:1]]
    for student in settings.students.get(bench.kind(part), []):
        part.make(student.name, partial(distil, student))
        if student.name in part.files:
            candidates += _measured(part, bench, student.name)
            for variant in suited:
                candidates += _tried(part, bench, f"{student.name} {variant}", student.name, variant)
    return candidates


def _tried(part: Part, bench: Bench, name: str, source: str, form: str) -> list[Candidate]:
    part.make(name, lambda path: make_form(form, part.files[source], path, part.batches))
    return _measured(part, bench, name)


def _measured(part: Part, bench: Bench, name: str) -> list[Candidate]:
    candidate = bench.measure(part, name) if name in part.files else None
    return [candidate] if candidate else []
