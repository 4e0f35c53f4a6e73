"""The service over HTTP: it translates, and decides nothing.

raw_path    the bytes of a path become segments, by one strict grammar
route       one endpoint as data: what it takes, gives, and who may call it
table       all of them; the server and its OpenAPI description are made from it
application a request becomes a call of a route, and whatever comes of it an answer
problems    each failure's status, and how it is told (RFC 9457)
terms       on which requests are taken: gate (rates, turns), addresses (whom to believe), body (room)
reports     who is told of each request: logs and metrics, without any secret (redaction)
server/     the process: listeners, connections with bounds, signals, upkeep
routes/     the endpoints by resource: a few lines each around a verb of the façade
"""
