"""All that is tried of a model: of each part every form, then every student as it is and in its teacher's form."""

from collections.abc import Mapping
from functools import partial
from itertools import islice

from sensorium.compression.bench import Bench
from sensorium.compression.choice import Candidate, preferred
from sensorium.compression.parts import FP32, Part
from sensorium.compression.running import Ran, run
from sensorium.compression.settings import Compress
from sensorium.compression.students import Distil
from sensorium.engine.local import map_ahead
from sensorium.errors import UserError
from sensorium.progress import progress


def try_parts(bench: Bench, settings: Compress, distil: Mapping[str, Distil]) -> dict[str, list[Candidate]]:
    """The candidates of every part, fp32 first; what could not be made or run is in its ``refused``.

    Other processes make and run the forms of all parts while this one teaches students. Then all is timed, with nothing
    else at work.

    Args:
        bench: measures variants of its parts, which are made here.
        settings: what to try.
        distil: of a part, writes a student of it.

    Raises:
        UserError: if not even fp32 of a part runs.
    """
    jobs = [
        bench.job(part, form, form) for part in bench.parts.values() if _is_read(part, bench) for form in settings.forms
    ]
    running = map_ahead(run, iter(jobs), max(1, len(jobs)))
    first = list(islice(running, 1))  # from here on the others are at work
    for name, part in bench.parts.items():
        if _is_read(part, bench):
            for student in settings.students.get(bench.kind(part), []):
                part.make(student.name, partial(distil[name], student))
    ran = dict(zip([(job.part, job.form) for job in jobs], [*first, *running], strict=True))
    return {name: _try_part(part, bench, settings, ran) for name, part in bench.parts.items()}


def _try_part(part: Part, bench: Bench, settings: Compress, ran: Mapping[tuple[str, str], Ran]) -> list[Candidate]:
    """Of one part, whose students are there; what came of forms is found by part and form."""
    original = _measured(part, bench, FP32)
    if not original:
        raise UserError(f"compress: the network of {part.name} does not run as ONNX: {part.refused[FP32]}.")
    if not _is_read(part, bench):
        part.refused |= dict.fromkeys(settings.forms, "no test row has this input, so nothing can be proven")
        return original
    candidates = original
    with progress() as bar:
        for form in bar.track(settings.forms, description=f"forms of {part.name}"):
            candidates += _found(bench.measure(part, form, ran[part.name, form]))
    suited = [one.variant for one in preferred(candidates, settings)[:1]]
    for student in settings.students.get(bench.kind(part), []):
        if student.name in part.files and (found := _measured(part, bench, student.name)):
            candidates += found
            for form in suited:
                candidates += _measured(part, bench, f"{student.name} {form}", form, student.name)
    return candidates


def _is_read(part: Part, bench: Bench) -> bool:
    """Whether test rows have this input; the fusion is always read."""
    return bool(len(bench.rows.values.get(part.name, [0])))


def _measured(part: Part, bench: Bench, variant: str, form: str = "", source: str = FP32) -> list[Candidate]:
    return _found(bench.measure(part, variant, run(bench.job(part, variant, form, source))))


def _found(candidate: Candidate | None) -> list[Candidate]:
    return [candidate] if candidate else []
