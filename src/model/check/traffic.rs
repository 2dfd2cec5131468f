//! Traffic classes, objectives, and what requests are worth.

use super::*;

const CLOSED_USERS_MAX: u32 = 10_000_000;

impl Checker<'_> {
    pub(super) fn traffic(&self, findings: &mut Findings) {
        if self.model.traffic.is_empty() {
            findings.wrong(Code::E013, "there must be at least one class, or nothing happens", "");
        }
        for (name, class) in &self.model.traffic {
            findings.inside(name, |it| self.class(class, it));
        }
    }

    fn class(&self, class: &TrafficClass, findings: &mut Findings) {
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
        let given = [
            class.per_user.is_some(),
            class.rate.is_some(),
            class.every.is_some(),
            class.recorded.is_some(),
            class.closed.is_some(),
            class.bursts.is_some(),
        ];
        if given.iter().filter(|it| **it).count() != 1 {
            let rule = "give exactly one of per_user, rate, bursts, every, recorded and closed";
            findings.wrong(Code::E010, rule, "\"rate\": \"100/s\"");
        }
        for (key, rate) in [("per_user", class.per_user), ("rate", class.rate)] {
            if let Some(rate) = rate {
                findings.inside(key, |it| at_most(rate.as_per_s(), 1e9, it));
            }
        }
        if let Some(every) = &class.every {
            findings.inside("every", |it| {
                every.check(it);
                if matches!(every, Distribution::Constant(gap) if gap.is_zero()) {
                    it.wrong(Code::E007, "must be longer than nothing", "\"10ms\"");
                }
            });
        }
        if let Some(bursts) = &class.bursts {
            findings.inside("bursts", |it| crate::parts::arrival::Burst::check_all(bursts, it));
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
        if let Some(recorded) = &class.recorded {
            findings.inside("recorded", |it| {
                if recorded.every.is_zero() {
                    it.wrong_at("every", Code::E007, "must be longer than nothing", "\"5m\"");
                }
                it.inside("scale", |it| within(recorded.scale, 0.0, 1e9, it));
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
    fn not_background(&self, name: &str, findings: &mut Findings) {
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
