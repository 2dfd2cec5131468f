//! What a model file must make sense of, beyond its shape: names, ranges, circles, sizes.

mod accelerators;
mod admission;
mod balancing;
mod caches;
mod faults;
mod hosts;
mod policies;
mod queues;
mod replication;
mod scaling;
mod services;
mod sessions;
mod sizes;
mod steps;
mod traffic;
mod unused;
mod waits;

pub use faults::fails;

use super::file::*;
use super::places::{Operation, any_step, each_step, inner_steps};
use crate::network::DEPTH_MAX;
use crate::parts::distribution::Distribution;
use crate::parts::policy::retry::Retry;
use crate::problem::{Code, Findings, suggest};
use crate::units::Span;
use indexmap::IndexMap;
use policies::Policies;
use std::collections::HashMap;

const USERS_MAX: f64 = 1e9;

/// Everything that is wrong with the model; `whole`, unless something of its file is left out.
pub fn check(model: &Model, whole: bool, findings: &mut Findings) {
    let checker = Checker { model };
    checker.names(findings);
    findings.inside("zones", |it| checker.zones(it));
    findings.inside("links", |it| checker.links(it));
    findings.inside("hosts", |it| checker.hosts(it));
    findings.inside("services", |it| checker.services(it));
    findings.inside("traffic", |it| checker.traffic(it));
    findings.inside("sessions", |it| checker.sessions(it));
    findings.inside("objectives", |it| checker.objectives(it));
    findings.inside("business", |it| checker.business(it));
    findings.inside("queues", |it| checker.queues(it));
    findings.inside("faults", |it| checker.faults(it));
    checker.users(findings);
    if whole && findings.is_empty() {
        checker.sizes(findings);
    }
}

/// Whether all that it describes is used by something.
pub fn all_is_used(model: &Model, findings: &mut Findings) {
    // A name that leads nowhere was meant for something else, which then seems to be of no use.
    if !findings.has(Code::E008) {
        Checker { model }.unused(findings);
    }
}

/// Whether the model says how many users there are, if that matters.
pub fn users_are_given(model: &Model, findings: &mut Findings) {
    if model.is_per_user() && model.users.is_none() {
        let rule = "traffic is given per user, and nothing says how many users there are";
        findings.wrong(Code::E004, rule, "add \"users\": 5000");
    }
}

struct Checker<'m> {
    model: &'m Model,
}

impl Checker<'_> {
    /// Names stand in tables, charts and file names.
    fn names(&self, findings: &mut Findings) {
        findings.inside("name", |it| name(&self.model.name, it));
        keys("zones", &self.model.zones, findings);
        keys("hosts", &self.model.hosts, findings);
        keys("services", &self.model.services, findings);
        keys("traffic", &self.model.traffic, findings);
        keys("queues", &self.model.queues, findings);
        keys("sessions", &self.model.sessions, findings);
        findings.inside("services", |it| {
            for (service, spec) in &self.model.services {
                it.inside(service, |it| {
                    keys("operations", &spec.operations, it);
                    keys("pools", &spec.pools, it);
                });
            }
        });
    }

    fn users(&self, findings: &mut Findings) {
        if let Some(users) = self.model.users
            && !(0.0..=USERS_MAX).contains(&users)
        {
            let rule = format!("must be from 0 to {USERS_MAX:e}, not {users}");
            findings.wrong_at("users", Code::E007, rule, "");
        }
    }
}

/// Longer names do not fit into tables and file names.
const NAME_MAX: usize = 80;

fn keys<T>(place: &str, named: &Named<T>, findings: &mut Findings) {
    findings.inside(place, |it| named.keys().for_each(|key| it.inside(key, |it| name(key, it))));
}

fn name(name: &str, findings: &mut Findings) {
    let unseen = |c: char| c.is_control() || ('\u{202A}'..='\u{202E}').contains(&c);
    let rule = match name {
        name if name.trim().is_empty() => "a name cannot be empty".to_owned(),
        name if name.chars().count() > NAME_MAX => format!("a name has at most {NAME_MAX} letters"),
        name if name.contains(unseen) => "a name cannot hold control characters".to_owned(),
        _ => return,
    };
    findings.wrong(Code::E007, rule, "");
}

/// Points at the largest of the counts if their sum is too large.
fn all_together<'m>(
    counts: impl Iterator<Item = (&'m String, &'static str, u32)>,
    most: u64,
    what: &str,
    findings: &mut Findings,
) {
    let counts: Vec<_> = counts.collect();
    let total: u64 = counts.iter().map(|it| u64::from(it.2)).sum();
    if total > most
        && let Some((name, key, _)) = counts.iter().max_by_key(|it| it.2)
    {
        let rule = format!("{total} {what} in all; at most {most} can be run");
        let mend = "let one stand for several, with as many times the cores and workers";
        findings.inside(*name, |it| it.wrong_at(*key, Code::E012, rule, mend));
    }
}

fn at_least_one(count: u32, findings: &mut Findings) {
    if count == 0 {
        findings.wrong(Code::E007, "must be at least 1, not 0", "");
    }
}

fn at_most(value: f64, most: f64, findings: &mut Findings) {
    if value > most {
        findings.wrong(Code::E012, format!("at most {most} can be run, not {value}"), "");
    }
}

fn within(value: f64, least: f64, most: f64, findings: &mut Findings) {
    if !(least..=most).contains(&value) {
        findings.wrong(Code::E007, format!("must be from {least} to {most}, not {value}"), "");
    }
}
