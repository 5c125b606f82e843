"""A pytest plugin for an environment without the extra `train`: leaves out what cannot run there, and counts the rest.

`make test-python` uses it for a second Python, where torch would cost gigabytes and minutes.
"""

from collections.abc import Generator

import pytest

Report = pytest.CollectReport | pytest.TestReport

NOT_INSTALLED = ("ModuleNotFoundError", "PackageNotFoundError", "`pip install 'sensorium[train]'`")
FEWEST = 400  # tests that must pass; where fewer do, more is missing than this extra


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Report, Report]:
    return _leave_out_for_want_of_train((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Report, Report]:
    return _leave_out_for_want_of_train((yield))


def _leave_out_for_want_of_train(report: Report) -> Report:
    if report.failed and any(sign in report.longreprtext for sign in NOT_INSTALLED):
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
