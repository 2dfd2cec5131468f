//! What queueing theory says.
