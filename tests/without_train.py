"""A pytest plugin for an environment without the extra `train`: leaves out what cannot run there, and counts the rest.

`make test-python` uses it for a second Python, where torch would cost gigabytes and minutes. Only the first knows what
`train` brings; there, `python -m tests.without_train` says it, for the variable ONLY_TRAIN here.
"""

import os
import re
from collections.abc import Generator

import pytest

Report = pytest.CollectReport | pytest.TestReport

# What Python says of a module, what it says of a package, and what Sensorium says of either.
NOT_INSTALLED = re.compile(
    r"No module named '([^'.]+)|No package metadata was found for ([\w.-]+)|"
    r"the Python package ([\w-]+)[\w.]* is not installed"
)
FEWEST = 400  # tests that must pass; where fewer do, more is missing than this extra


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Report, Report]:
    return _leave_out_for_want_of_train((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Report, Report]:
    return _leave_out_for_want_of_train((yield))


def _leave_out_for_want_of_train(report: Report) -> Report:
    missing = {"".join(found) for found in NOT_INSTALLED.findall(report.longreprtext)} if report.failed else set()
    if missing and missing <= {*os.environ["ONLY_TRAIN"].split()}:
        report.outcome = "skipped"
        report.longrepr = (report.nodeid, 0, "Skipped: needs the extra train")
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(session.config, "workerinput") or not reporter:
        return
    passed = len(reporter.stats.get("passed", ()))
    if passed < FEWEST:
        reporter.write_line(f"error: only {passed} tests passed without the extra train; {FEWEST} must.")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


if __name__ == "__main__":
    from tests.pins import brought_only_by

    print(*sorted(brought_only_by("train")))
