"""What a page shows of a row."""

from sensorium.modalities import Audio, Modality, Text, Video
from sensorium.report.shown import shown
from tests.clips import encoded


def test_a_file_that_several_inputs_read_is_played_once_in_pictures_and_once_in_sound() -> None:
    inputs: dict[str, Modality] = {
        "frames": Video(column="clip"),
        "motion": Video(column="clip", encoder="motion"),
        "sound": Audio(column="clip"),
        "other": Video(),
        "text": Text(),
    }
    clip = encoded(sound="aac")
    values = {name: inputs[name].accept(clip) for name in ("frames", "motion", "sound", "other")} | {"text": "a"}
    parts = inputs["motion"].occlusions(values["motion"])
    html = shown(inputs, values, {"motion": [(parts[0][0], 0.5)]})
    players = {name: (one.count("<video"), one.count("<audio")) for name, one in html.items()}
    assert players == {"frames": (1, 0), "motion": (0, 0), "sound": (0, 1), "other": (1, 0), "text": (0, 0)}
    assert [name for name, one in html.items() if 'class="for"' in one] == ["motion"]
