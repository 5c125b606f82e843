"""Labels that people gave: which are believed, how well the model does by them, which are learnt from."""
