"""The service: one BentoML service on ONNX Runtime, in the order in which a request passes.

- service, app: what is started, and the routes
- incoming, parts, rejections: what of a request is read at all
- connections, all_connections: how long a client is waited for, and who makes room for whom
- observing: a request's id, time and line in the log; headers; accidents
- pacing, line: who waits for whom
- guarding, keys, origin, places: who may ask, how often, how much at once, for how long
- requests, refusal: what a body holds, or why it is not taken
- concurrency: whose samples are worked on
- predictions, feedback, description, openapi, page: the endpoints
- live, batching, predictor, artefact: a model in service, its batches, its networks, its files
- answers: what a prediction is called in an answer
- recording, journal, shadow, drift: what is kept of it, and what the challenger says
- deployment, pointer, settings: which models are in service, and how they answer
- metrics, steps, logs, tracing, cores: how all of this is watched
"""
