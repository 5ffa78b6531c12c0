"""What every app needs and no domain owns: errors, idempotency, job runs, the outbox and proofs.

Nothing here knows a member, a partner or a point.
"""
