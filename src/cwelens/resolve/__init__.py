"""What names mean: modules, imports, classes, receiver types, and the ledger of calls.

Every answer is an `Outcome`, so that a reason is never lost.
"""
