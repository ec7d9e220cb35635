"""The store: tables, sessions, queries, migrations. The only place with SQL.

The rest of the house takes sessions from `sessions` and asks `shelf`, `queue` and `outbox`.
"""
