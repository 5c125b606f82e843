"""The service: one BentoML service on ONNX Runtime, in the order in which a request passes.

- service, app: what is started, and the routes
- connections: what a client may cost before its request is read
- observing: a request's id, time and line in the log; headers; accidents
- pacing: who waits for whom
- guarding, keys: who may ask, how often, how much at once, for how long
- requests, refusal: what a body holds, or why it is not taken
- predictions, feedback, description, openapi, page: the endpoints
- live, batching, predictor, artefact: a model in service, its batches, its networks, its files
- answers: what a prediction is called in an answer
- recording, journal, shadow, drift: what is kept of it, and what the challenger says
- deployment, pointer, settings: which models are in service, and how they answer
- metrics, steps, logs, tracing, cores: how all of this is watched
"""
