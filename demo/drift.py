"""The loop as one story: a service meets a language it never heard, and learns it.

python -m demo.drift
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from demo import page, world
from demo.people import People, make_keys, right
from demo.place import Place
from demo.story import Step, Story
from demo.world import KNOWN, NEW
from sensorium.errors import UserError

FOLDER = Path("data/demo")
REQUESTS, TOLD, FLOODED = 200, 120, 30
CHECK, RETRAIN = "reports/monitoring/check.json", "data/monitoring/retrain.json"
DRAWN = 3  # the seed of what people ask about


def play(folder: Path, stamps: Path | None) -> Path:
    """Plays the story; returns its page.

    Args:
        folder: for all that it makes.
        stamps: of a Tux Paint installation, instead of fetching them.

    Raises:
        UserError: if a step does not come to its end.
    """
    with Place(folder.absolute()) as place:
        story = Story(place.folder)
        with story.step("clone", "A clone with a data set of three languages") as step:
            place.copy(Path.cwd())
            others = world.make(place.clone, stamps)
            world.hurry(place.clone / "params.yaml")
            (place.clone / ".git/info/exclude").write_text(f"{world.FOLDER}/\n")
            place.commit("The demo's data")
            step.words = [
                f"Spoken are {', '.join(KNOWN)}; {others['item'].nunique()} stamps are kept aside, to be asked about."
            ]
        _train(place, story)
        people = _serve(place, story)
        asked, told, heldout = _draw(others)
        _known_languages(place, story, people, asked)
        before = _new_language(place, story, people, told, heldout)
        _retrain(place, story)
        _switched(place, story, people)
        _recognised(story, people, heldout)
        _trace(place, story, before)
        _rollback(place, story, people, heldout)
        return page.write(story.steps, place.folder)


def _train(place: Place, story: Story) -> None:
    with story.step("servers", "A Prefect server and a worker start; train, monitor and retrain are deployed"):
        port = str(place.ports["prefect"])
        ready = f"{place.environment['PREFECT_API_URL']}/health"
        place.start("Prefect server", "prefect", "server", "start", "--port", port, ready=ready)
        place.run("prefect", "work-pool", "create", "--type", "process", "local")
        place.run("prefect", "--no-prompt", "deploy", "--all")
        place.start("worker", "prefect", "worker", "start", "--pool", "local")
    with story.step("train", "The first model is trained, gated, compressed, packaged and promoted") as step:
        place.run("prefect", "deployment", "run", "train/local")
        _require_completed(place.ended("train", 1))
        place.commit("The first model")
        place.run("sensorium", "promote")
        found = place.json("metrics/evaluate.json")
        step.words = [f"{target} is right in {found[target]['accuracy']:.0%} of test rows." for target in found]
        step.links = {"the run": "clone/reports/index.html"}


def _serve(place: Place, story: Story) -> People:
    with story.step("serve", "The champion is served, with API keys for a shop, labellers and a stranger") as step:
        secrets, entries = make_keys()
        url = f"http://127.0.0.1:{place.ports['service']}"
        command = ("bentoml", "serve", "--port", str(place.ports["service"]))
        place.start("service", *command, ready=f"{url}/readyz", SENSORIUM_API_KEYS=entries)
        people = People(url, secrets)
        step.words = [f"Model {people.schema()['model_version']} answers."]
        return people


def _draw(others: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows of known languages, and of the new one: those that people will label, and those that nobody will."""
    mixed = others.sample(frac=1, random_state=DRAWN)
    known = mixed[mixed["language"].isin(KNOWN)].drop_duplicates("item")
    new = mixed[mixed["language"] == NEW]
    return known[:REQUESTS], new[:TOLD], new[TOLD:]


def _known_languages(place: Place, story: Story, people: People, asked: pd.DataFrame) -> None:
    with story.step("known", "The shop asks in languages that the model knows; a check finds no drift") as step:
        answered = people.ask(asked)
        step.words = [f"{len(answered)} requests; language is right in {right(answered, 'language'):.0%}."]
        _check(place, step)


def _new_language(
    place: Place, story: Story, people: People, told: pd.DataFrame, heldout: pd.DataFrame
) -> pd.DataFrame:
    with story.step("new", f"The shop asks in a language the model never heard, {NEW}") as step:
        answered, unheard = people.ask(told), people.ask(heldout)
        step.figures = {"recognised": right(unheard, "language"), "category": right(unheard, "category")}
        named = ", ".join(
            f"{name} {share:.0%}" for name, share in answered["said.language"].value_counts(normalize=True).items()
        )
        step.words = [f"{len(answered) + len(unheard)} requests; the model calls it {named}."]
    with story.step("feedback", "Labellers tell the truth; a stranger floods one label") as step:
        people.tell(answered)
        poisoned = people.ask(heldout[:FLOODED], "stranger")
        people.flood(poisoned[poisoned["category"] != "food"], "food")
        step.words = [f"{len(answered)} answers are labelled; the stranger calls everything food."]
    with story.step("drift", "The next check says what drifted, and asks for a retrain") as step:
        _check(place, step)
    return answered


def _check(place: Place, step: Step) -> None:
    """Has the deployed flow `monitor` look."""
    count = len(place.ended_runs("monitor"))
    place.run("prefect", "deployment", "run", "monitor/local")
    _require_completed(place.ended("monitor", count + 1))
    check = place.json(CHECK)
    step.words += [check["words"], *check["notes"], check["why"]]
    step.figures |= {key: check[key] for key in ("verdict", "drifted", "retrain", "feedback")}
    step.links |= {"the report of the check": f"clone/{check['page']}"}


def _retrain(place: Place, story: Story) -> None:
    with story.step("retrain", "The event starts a retrain: new data version, same pipeline, gate") as step:
        run = place.ended("retrain", 1)
        said = place.json(RETRAIN)
        step.words = [f"{said['new']} labelled predictions, data version {said.get('data')}.", said["why"]]
        step.figures = {key: said.get(key) for key in ("reason", "new", "outcome", "version", "commit", "data")}
        step.figures["state"] = run["state"]["name"]
        step.links = {"the run": "clone/reports/index.html"}
        if said["outcome"] != "promoted":
            raise UserError(f"the retrain did not end in a promotion: {said['why']}")


def _switched(place: Place, story: Story, people: People) -> None:
    with story.step("switch", "The running service has switched to the new champion") as step:
        version = place.json("models/champion.json")["model_version"]
        place.wait(lambda: people.schema()["model_version"] == version, "the service to switch")
        step.words = [f"Model {version} answers."]


def _recognised(story: Story, people: People, heldout: pd.DataFrame) -> None:
    with story.step("recognised", f"{NEW} is recognised, in clips that nobody labelled") as step:
        answered = people.ask(heldout)
        step.figures = {"recognised": right(answered, "language"), "category": right(answered, "category")}
        step.words = [f"{len(answered)} clips in {NEW}: language is right in {right(answered, 'language'):.0%}."]


def _trace(place: Place, story: Story, before: pd.DataFrame) -> None:
    with story.step("trace", "One of the first requests, traced back to its data and on to the retrain") as step:
        step.output = place.run("sensorium", "trace", before["request_id"].iloc[0])


def _rollback(place: Place, story: Story, people: People, heldout: pd.DataFrame) -> None:
    with story.step("rollback", "One command goes back to the first model") as step:
        step.output = place.run("sensorium", "rollback")
        version = place.json("models/champion.json")["model_version"]
        place.wait(lambda: people.schema()["model_version"] == version, "the service to switch back")
        answered = people.ask(heldout)
        step.figures = {"recognised": right(answered, "language"), "category": right(answered, "category")}
        step.words = [f"Model {version} answers again, and {NEW} is as strange to it as before."]


def _require_completed(run: dict[str, Any]) -> None:
    if run["state"]["type"] != "COMPLETED":
        raise UserError(f"the run {run['name']} ended {run['state']['name']}: {run['state']['message']}")


def main() -> None:
    """Plays it, and says where the page is."""
    parser = argparse.ArgumentParser(prog="python -m demo.drift", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for all that it makes; emptied first")
    parser.add_argument("--stamps", type=Path, help="a stamps folder of a Tux Paint installation")
    given = parser.parse_args()
    try:
        print(f"\nThe whole story on one page: {play(given.folder, given.stamps)}")
    except UserError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
