"""What can go wrong with a record.

AuditError
+-- AuditNotWrittenError     (DatabaseError)    the entries of a transaction could not be written; it was rolled back
+-- ConcurrentChangeError    (DatabaseError)    rows changed between being read for the record and being written
+-- RetentionError           (ValueError)       what the log keeps cannot be read, or is said nowhere
+-- ExportError              (OSError)          entries cannot be written to a file
+-- ErasureError             (ValueError)       nobody is named who could be erased, or no reason
+-- SealError                (RuntimeError)     entries cannot be sealed now, or are not what was sealed
+-- UnannouncedWriteError    (RuntimeError)     a recorded table was written past everything that records
"""

from __future__ import annotations

from django.db import DatabaseError


class AuditError(Exception):
    """Base of all errors of the audit log."""


class AuditNotWrittenError(AuditError, DatabaseError):
    """The entries of a transaction could not be written, so the transaction was rolled back.

    A ``DatabaseError``, so that Django and the project treat it as what it is: a write that failed.
    """


class ConcurrentChangeError(AuditError, DatabaseError):
    """Another transaction changed rows between their reading and their writing, so nothing was written.

    Try the operation again.
    """


class RetentionError(AuditError, ValueError):
    """What the log keeps cannot be read, or is said nowhere, so nothing was deleted."""


class ExportError(AuditError, OSError):
    """Entries cannot be written to a file, so nothing was deleted."""


class ErasureError(AuditError, ValueError):
    """Whom to erase, or why, is not said in a way that can be used, so nothing was erased."""


class SealError(AuditError, RuntimeError):
    """Entries cannot be sealed now, or are not what was sealed, so nothing was done."""


class UnannouncedWriteError(AuditError, RuntimeError):
    """A recorded table was written by something that no wrapper sees, such as SQL by hand."""
