//! Traffic classes, objectives, and what requests are worth.

use super::*;

const CLOSED_USERS_MAX: u32 = 10_000_000;

impl Checker<'_> {
    pub(super) fn traffic(&self, findings: &mut Findings) {
        if self.model.traffic.is_empty() {
            findings.wrong(Code::E013, "there must be at least one class, or nothing happens", "");
        }
        for (name, class) in &self.model.traffic {
            findings.inside(name, |it| self.class(name, class, it));
        }
    }

    fn class(&self, name: &str, class: &TrafficClass, findings: &mut Findings) {
        findings.inside("call", |it| self.operation(&class.call, it));
        let policies = Policies {
            timeout: class.timeout,
            retry: &class.retry,
            hedge: &class.hedge,
            breaker: &class.breaker,
            deadline: &class.deadline,
            instances: 1,
        };
        policies.check(findings);
        let in_sessions = self.is_in_sessions(name);
        let given = class.coming().given() + usize::from(class.closed.is_some());
        if in_sessions && given > 0 {
            let rule = "sessions ask for it, and it also comes of itself";
            let mend = "leave out how it comes, or make another class for that";
            findings.wrong(Code::E010, rule, mend);
        }
        if !in_sessions && given != 1 {
            let rule = "give exactly one of per_user, rate, bursts, every, recorded, timestamps and closed";
            findings.wrong(Code::E010, rule, "\"rate\": \"100/s\"");
        }
        class.coming().check(findings);
        if let Some(answer) = &class.answer {
            findings.inside("answer", |it| answer.check(it));
        }
        if let Some(batch) = &class.batch {
            findings.inside("batch", |it| {
                batch.check(it);
                if class.closed.is_some() || in_sessions {
                    let rule = "users who wait for their answers ask one request at a time";
                    it.wrong(Code::E010, rule, "leave it out");
                }
            });
        }
        if let Some(closed) = &class.closed {
            findings.inside("closed", |it| {
                it.inside("users", |it| {
                    at_most(f64::from(closed.users), f64::from(CLOSED_USERS_MAX), it);
                });
                it.inside("think", |it| closed.think.check(it));
                let stalls = matches!(closed.think, Distribution::Constant(Span::ZERO));
                if stalls && self.takes_no_time(&class.call) {
                    let rule = "users who do not think ask something that takes no time, for ever";
                    it.wrong(Code::E013, rule, "give \"think\" a duration");
                }
            });
        }
    }

    /// Whether an operation certainly takes no time at all.
    fn takes_no_time(&self, call: &str) -> bool {
        Operation::find(self.model, call).is_some_and(|operation| {
            !any_step(operation.spec, |step| {
                !matches!(step, Step::Choose(_) | Step::Cache(_) | Step::Send(_) | Step::Fail(_))
            })
        })
    }

    pub(super) fn objectives(&self, findings: &mut Findings) {
        for (name, objective) in &self.model.objectives {
            findings.inside(name, |it| {
                self.class_named(name, it);
                self.not_background(name, it);
                if let Some(availability) = objective.availability {
                    it.inside("availability", |it| within(availability, 0.0, 1.0, it));
                }
            });
        }
    }

    pub(super) fn class_named(&self, name: &str, findings: &mut Findings) {
        let classes = &self.model.traffic;
        if !classes.contains_key(name) {
            let rule = format!("no traffic class is named \"{name}\"");
            findings.wrong(Code::E008, rule, suggest(name, classes.keys().map(String::as_str)));
        }
    }

    /// Users have no opinion of what they do not wait for.
    pub(super) fn not_background(&self, name: &str, findings: &mut Findings) {
        if self.model.traffic.get(name).is_some_and(|class| class.background) {
            let rule = format!("no user waits for \"{name}\": it is background work");
            findings.wrong(Code::E010, rule, "leave it out, or take \"background\" away");
        }
    }

    pub(super) fn business(&self, findings: &mut Findings) {
        let Some(business) = &self.model.business else { return };
        if let Some(revenue) = &business.revenue {
            findings.inside("revenue", |it| {
                it.inside("per", |it| {
                    self.class_named(&revenue.per, it);
                    self.not_background(&revenue.per, it);
                });
                it.inside("amount", |it| within(revenue.amount, 0.0, 1e12, it));
            });
        }
        if let Some(churn) = &business.churn {
            findings.inside("churn", |it| {
                it.inside("per_failed_request", |it| {
                    within(churn.per_failed_request, 0.0, 1.0, it)
                });
                it.inside("cap_per_day", |it| within(churn.cap_per_day, 0.0, 1.0, it));
            });
        }
    }
}
