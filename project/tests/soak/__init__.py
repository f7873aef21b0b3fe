"""A soak: people of every kind work over HTTP on a started installation while its parts are broken in turn.

    uv run python -m project.tests.soak --minutes 30

`people` do the work, `record` keeps every answer, `faults` break what `installation` started, `judgement` says in the
end what does not hold.
"""
