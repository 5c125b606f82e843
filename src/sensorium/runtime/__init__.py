"""A packaged model without torch: what serving, compression, the champion's comparison and monitoring share."""
