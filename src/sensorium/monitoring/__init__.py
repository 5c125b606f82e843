"""Watches a model in service, and closes the loop by retrains.

- names: of the columns of the tables that the other modules exchange
- log: reads the service's logs, and keeps rows that may count as independent
- drift: compares these with the model's reference, by tests with one bound for all, and says in words what drifted
- feedback: which labels are accepted, how well the model does by them, which ones a retrain learns from
- evidently: the panels of a check, and trends over all checks
- check_result: what a check found, as data, and whether it asks for a retrain
- checks, retrains: the history of each, and whether there may be another retrain
"""
