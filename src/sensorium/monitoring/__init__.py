"""Watching a model that is served, and closing the loop. One check after another:

- names: of the columns that the rest of it passes on
- log: what the service wrote down, and which of it may count as independent
- drift: the reference, the tests, one bound for all of them, and the answer in words
- feedback: which labels are believed, how well the model does by them, which are learnt from
- evidently: panels of a check, trends over all
- checked: all of one check, and whether it asks for a retrain
- checks, retrains: what there was of each, and whether there may be another retrain
"""
