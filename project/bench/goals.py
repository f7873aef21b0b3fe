"""The bounds that `docs/performance.md` explains. They are judged on PostgreSQL; invariants hold everywhere."""

from project.bench.report import Bound, at_least, at_most, exactly

NONE = exactly(0)
SOME = at_least(1)
GOALS: dict[str, Bound] = {
    "racing p99": at_most(5),
    "worst answer": at_most(250),
    "use case": at_least(0.15),
    "guarded insert": at_least(0.30),
    "http": at_least(0.08),
    "one busy calendar": at_least(0.80),
    "history": at_most(1.5),
    "queries": at_most(4),
    "cpu": at_most(10),
    "warm": at_most(50),
    "large table": at_most(1.3),
    "peer": at_least(100),
    "token check": at_most(50),
    "naive token check": at_least(5),
    "code check": at_most(20),
    "unchanged catalogue": at_least(0.8),
    "cached catalogue": at_least(0.5),
    "uncached catalogue": at_least(5),
    "webhook": at_most(300),
    "queries of a page": at_most(12),
    "large list": at_most(2),
    "import": at_least(20),
    "import memory": at_most(60),
    "preview": at_most(3),
    "booking beside import": at_most(0.2),
}
# In few words, in the order of the chart.
TITLES = {
    "G2": "waiting at one slot",
    "G3": "a booking beside a raw INSERT",
    "G4": "the same over HTTP",
    "G5": "one busy calendar",
    "G6": "what history costs",
    "G7": "free times",
    "G8": "free times beside a peer",
    "G9": "lists among very many rows",
    "G10": "import",
    "G11": "preview of an import",
    "G12": "reads over HTTP",
    "G13": "tokens and codes",
    "G14": "webhooks",
}
