//! The program as its users meet it: files, messages, exit codes, documents.

mod accelerators;
mod background;
mod capacity;
mod determinism;
mod docs;
mod find;
mod locks;
mod pgbench;
mod problems;
mod queues;
mod schemas;
mod support;
mod trouble;
