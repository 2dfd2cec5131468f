//! The program as its users meet it: files, messages, exit codes, documents.

mod accelerators;
mod background;
mod capacity;
mod check;
mod churn;
mod determinism;
mod docs;
mod find;
mod fullest;
mod locks;
mod outages;
mod pgbench;
mod problems;
mod queues;
mod schemas;
mod store;
mod support;
mod sweeps;
mod trouble;
