//! How requests come of themselves, and sessions of them.

use super::*;
use crate::parts::arrival::Burst;
use crate::units::significant;
use std::collections::HashSet;

const STAGES_MAX: usize = 1000;
const CHANCES_MAX: f64 = 1.0 + 1e-9;

impl Coming<'_> {
    pub(super) fn check(&self, findings: &mut Findings) {
        for (key, rate) in [("per_user", self.per_user), ("rate", self.rate)] {
            if let Some(rate) = rate {
                findings.inside(key, |it| at_most(rate.as_per_s(), 1e9, it));
            }
        }
        if let Some(every) = self.every {
            findings.inside("every", |it| {
                every.check(it);
                if matches!(every, Distribution::Constant(gap) if gap.is_zero()) {
                    it.wrong(Code::E007, "must be longer than nothing", "\"10ms\"");
                }
            });
        }
        if let Some(bursts) = self.bursts {
            findings.inside("bursts", |it| Burst::check_all(bursts, it));
        }
        if let Some(timestamps) = self.timestamps {
            findings.inside("timestamps", |it| timestamps.check(it));
        }
        if let Some(recorded) = self.recorded {
            findings.inside("recorded", |it| {
                if recorded.every.is_zero() {
                    it.wrong_at("every", Code::E007, "must be longer than nothing", "\"5m\"");
                }
                it.inside("scale", |it| within(recorded.scale, 0.0, 1e9, it));
            });
        }
    }
}

impl Checker<'_> {
    /// Whether sessions ask for requests of this class.
    pub(super) fn is_in_sessions(&self, class: &str) -> bool {
        self.model.sessions.values().any(|it| it.asks().any(|ask| ask == class))
    }

    pub(super) fn sessions(&self, findings: &mut Findings) {
        for (name, session) in &self.model.sessions {
            findings.inside(name, |it| {
                if self.model.traffic.contains_key(name) {
                    let rule = "there is a traffic class of this name, and figures go by names";
                    it.wrong(Code::E010, rule, "");
                }
                self.session(session, it);
            });
        }
    }

    fn session(&self, session: &Session, findings: &mut Findings) {
        let coming = session.coming();
        if coming.given() != 1 {
            let rule = "give exactly one of per_user, rate, bursts, every, recorded and timestamps";
            findings.wrong(Code::E010, rule, "\"rate\": \"1/s\"");
        }
        coming.check(findings);
        findings.inside("leave_on_failure", |it| within(session.leave_on_failure, 0.0, 1.0, it));
        match (&session.steps, &session.graph) {
            (Some(steps), None) => findings.inside("steps", |it| self.session_steps(steps, it)),
            (None, Some(graph)) => findings.inside("graph", |it| self.graph(graph, it)),
            _ => {
                let mend = "\"steps\": [{ \"ask\": \"login\" }]";
                findings.wrong(Code::E010, "give exactly one of steps and graph", mend);
            }
        }
    }

    fn session_steps(&self, steps: &[SessionStep], findings: &mut Findings) {
        if !(1..=STAGES_MAX).contains(&steps.len()) {
            let rule = format!("must have from 1 to {STAGES_MAX} steps, not {}", steps.len());
            findings.wrong(Code::E007, rule, "");
        }
        for (i, step) in steps.iter().enumerate() {
            findings.inside(i, |it| {
                self.asked(&step.ask, it);
                step.think.iter().for_each(|think| it.inside("think", |it| think.check(it)));
                it.inside("times", |it| step.times.check(it));
                if !(step.share > 0.0 && step.share <= 1.0) {
                    let rule = format!("must be above 0 and at most 1, not {}", step.share);
                    it.wrong_at("share", Code::E007, rule, "leave the step out");
                }
            });
        }
    }

    /// What users ask for in a session.
    fn asked(&self, class: &str, findings: &mut Findings) {
        findings.inside("ask", |it| {
            self.class_named(class, it);
            self.not_background(class, it);
        });
    }

    fn graph(&self, graph: &Graph, findings: &mut Findings) {
        if !(1..=STAGES_MAX).contains(&graph.states.len()) {
            let rule = format!("must be from 1 to {STAGES_MAX} states, not {}", graph.states.len());
            findings.wrong_at("states", Code::E007, rule, "");
        }
        findings.inside("begin", |it| state_named(graph, &graph.begin, it));
        keys("states", &graph.states, findings);
        let ending = that_end(graph);
        findings.inside("states", |it| {
            for (name, state) in &graph.states {
                it.inside(name, |it| {
                    self.asked(&state.ask, it);
                    state.think.iter().for_each(|think| it.inside("think", |it| think.check(it)));
                    it.inside("then", |it| chances(graph, state, it));
                    if !ending.contains(name.as_str()) {
                        let rule = "a session that comes here never ends";
                        let mend = "chances under \"then\" that add up to less than 1";
                        it.wrong_at("then", Code::E013, rule, mend);
                    }
                });
            }
        });
    }
}

fn state_named(graph: &Graph, name: &str, findings: &mut Findings) {
    if !graph.states.contains_key(name) {
        let known = graph.states.keys().map(String::as_str);
        findings.wrong(Code::E008, format!("no state is named \"{name}\""), suggest(name, known));
    }
}

fn chances(graph: &Graph, state: &State, findings: &mut Findings) {
    for (name, chance) in &state.then {
        findings.inside(name, |it| {
            state_named(graph, name, it);
            within(*chance, 0.0, 1.0, it);
        });
    }
    let sum: f64 = state.then.values().sum();
    if sum > CHANCES_MAX {
        let rule = format!("chances add up to at most 1, not {}", significant(sum));
        findings.wrong(Code::E007, rule, "");
    }
}

/// The least chance to end that counts as one: a session has not more than some million states.
const END_MIN: f64 = 1e-6;

/// The states in which a session can end sooner or later: those where it may end at once, then those
/// that lead to one of them, until there are no more.
fn that_end(graph: &Graph) -> HashSet<&str> {
    let mut ending: HashSet<&str> = HashSet::new();
    loop {
        let ends = |state: &State| {
            let leads = |(name, chance): (&String, &f64)| {
                let known = graph.states.contains_key(name);
                *chance > 0.0 && (!known || ending.contains(name.as_str()))
            };
            state.then.values().sum::<f64>() <= 1.0 - END_MIN || state.then.iter().any(leads)
        };
        let found = graph.states.iter().filter(|it| !ending.contains(it.0.as_str()) && ends(it.1));
        let found: Vec<&str> = found.map(|it| it.0.as_str()).collect();
        if found.is_empty() {
            return ending;
        }
        ending.extend(found);
    }
}
