"""Labels that people sent: which are accepted, how well the model does by them, and which it is trained on."""
