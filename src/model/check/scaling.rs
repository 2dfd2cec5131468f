//! Services whose instances come and go.

use super::*;
use crate::parts::balance::Balance;

impl Checker<'_> {
    pub(super) fn scaling(&self, service: &Service, findings: &mut Findings) {
        let Some(scaling) = &service.scaling else {
            if service.grace.is_some() {
                let rule = "no instance is ever told to stop";
                findings.wrong_at("grace", Code::E010, rule, "leave it out, or give \"scaling\"");
            }
            return;
        };
        findings.inside("scaling", |it| {
            scaling.check(service.instances, it);
            if scaling.needs_request() && service.cpu.is_none() {
                let rule = "percents of a request need one, and the service's cpu is not given";
                it.wrong(Code::E010, rule, "\"cpu\": { \"request\": 0.5 }");
            }
        });
        if *service.balancer() == Balance::None && service.balance.is_some() {
            let rule = "without a balancer all goes to the first instance, however many there are";
            findings.wrong_at("scaling", Code::E010, rule, "\"balance\": \"round_robin\"");
        }
        if service.subset.is_some() {
            let rule = "is of a fixed number of instances, and these come and go";
            findings.wrong_at("subset", Code::E010, rule, "leave it out");
        }
    }
}
