//! What callers do to live with failure.

use super::*;
use crate::parts::policy::breaker::Breaker;
use crate::parts::policy::hedge::{After, Hedge};

/// Calls that all breakers of a kind keep one by one, in all instances.
const KEPT_MAX: u64 = 10_000_000;
/// Instances that may each keep a record of answers.
const RECORDS_MAX: u32 = 10_000;

/// What a class or a call says of its policies.
pub(super) struct Policies<'a> {
    pub timeout: Option<Span>,
    pub retry: &'a Option<Retry>,
    pub hedge: &'a Option<Hedge>,
    pub breaker: &'a Option<Breaker>,
    pub deadline: &'a Option<Distribution>,
    /// Instances that each keep their own.
    pub instances: u32,
}

impl Policies<'_> {
    pub fn check(&self, findings: &mut Findings) {
        if self.timeout.is_some_and(|it| it.is_zero()) {
            findings.wrong_at("timeout", Code::E007, "must be longer than nothing", "\"5s\"");
        }
        if let Some(retry) = self.retry {
            findings.inside("retry", |it| retry.check(it));
        }
        self.deadline(findings);
        self.hedge(findings);
        if let Some(breaker) = self.breaker {
            findings.inside("breaker", |it| {
                breaker.check(it);
                let kept = u64::from(breaker.kept()) * u64::from(self.instances);
                if kept > KEPT_MAX {
                    let rule =
                        format!("{kept} calls in the windows of all instances; at most {KEPT_MAX}");
                    it.wrong_at("window", Code::E012, rule, "give a shorter one, or one of time");
                }
            });
        }
    }

    fn deadline(&self, findings: &mut Findings) {
        let Some(deadline) = self.deadline else { return };
        findings.inside("deadline", |it| deadline.check(it));
        let Distribution::Constant(span) = deadline else { return };
        if span.is_zero() {
            findings.wrong_at("deadline", Code::E007, "must be longer than nothing", "\"2s\"");
        } else if let Some(timeout) = self.timeout.filter(|it| it >= span) {
            let rule = format!("{timeout} would never pass before the deadline, {span}");
            findings.wrong_at("timeout", Code::E010, rule, "give a shorter one, or leave it out");
        }
    }

    fn hedge(&self, findings: &mut Findings) {
        let Some(hedge) = self.hedge else { return };
        findings.inside("hedge", |it| {
            hedge.check(it);
            if matches!(hedge.after, After::Seen(_)) && self.instances > RECORDS_MAX {
                let rule = format!(
                    "{} instances would each keep a record; at most {RECORDS_MAX}",
                    self.instances
                );
                it.wrong_at("after", Code::E012, rule, "give a length of time");
            }
        });
        if self.retry.is_some() {
            let rule = "cannot stand beside retry: what has failed is asked again by either";
            findings.wrong_at("hedge", Code::E010, rule, "leave one of them out, as gRPC has it");
        } else if let (After::Delay(after), Some(timeout)) = (hedge.after, self.timeout)
            && after >= timeout
        {
            let rule = format!("patience ends before, after {timeout}");
            let mend = "give a shorter time; a failed try is followed by another at once";
            findings.inside("hedge", |it| it.wrong_at("after", Code::E010, rule, mend));
        }
    }
}

impl Checker<'_> {
    /// Calls of one service to another share a breaker, and so must mean the same.
    pub(super) fn policies_agree(&self, service: &Service, findings: &mut Findings) {
        let mut breakers: HashMap<&str, Breaker> = HashMap::new();
        for steps in service.operations.values() {
            each_step(steps, &mut |step| {
                let Step::Call(call) = step else { return };
                let to = call.call.split_once('.').map_or(call.call.as_str(), |it| it.0);
                if call.breaker.is_some_and(|it| *breakers.entry(to).or_insert(it) != it) {
                    let rule = format!("the breakers of the calls to \"{to}\" differ");
                    let mend =
                        "an instance has one for each service that it calls: give them the same";
                    findings.wrong(Code::E010, rule, mend);
                }
            });
        }
    }
}
