//! How callers choose among the instances of a service.

use super::*;
use crate::parts::balance::{Balance, subset};

impl Checker<'_> {
    pub(super) fn balancing(&self, service: &Service, findings: &mut Findings) {
        let choose = self.model.laid_out(service) > 1 && service.replication.is_none();
        if service.balance.is_none() && choose {
            let rule = format!(
                "there are {} instances, and nothing chooses among them",
                self.model.laid_out(service)
            );
            let mend = "\"balance\": \"round_robin\"; or \"none\", if all is to go to the first";
            return findings.wrong_at("balance", Code::E004, rule, mend);
        }
        findings.inside("balance", |it| service.balancer().check(self.model.laid_out(service), it));
        if let Some(slow) = &service.slow_start {
            findings.inside("slow_start", |it| slow.check(it));
        }
        if let Some(ejection) = &service.outlier_ejection {
            findings.inside("outlier_ejection", |it| ejection.check(it));
        }
        self.balancer_can(service, findings);
        if let Some(size) = service.subset {
            findings.inside("subset", |it| self.subset(service, size, it));
        }
    }

    /// What a balancer is to do must make a difference.
    fn balancer_can(&self, service: &Service, findings: &mut Findings) {
        let said = [
            ("slow_start", service.slow_start.is_some()),
            ("outlier_ejection", service.outlier_ejection.is_some()),
            ("subset", service.subset.is_some()),
        ];
        if *service.balancer() == Balance::None {
            for (key, _) in said.into_iter().filter(|it| it.1) {
                let rule = "there is no balancer: all goes to the first instance";
                findings.wrong_at(key, Code::E010, rule, "\"balance\": \"least_outstanding\"");
            }
        }
        if service.slow_start.is_none() {
            return;
        }
        if matches!(service.balancer(), Balance::ConsistentHash(_)) {
            let rule = "a key belongs to its instance from the first moment on";
            findings.wrong_at("slow_start", Code::E010, rule, "leave it out");
        } else if service.health.is_none()
            && service.outlier_ejection.is_none()
            && service.scaling.is_none()
        {
            let rule = "the balancer leaves nobody out, so nobody ever comes back";
            findings.wrong_at("slow_start", Code::E010, rule, "give \"health\" too");
        }
    }

    fn subset(&self, service: &Service, size: u32, findings: &mut Findings) {
        let instances = service.instances;
        if size == 0 || size > instances {
            let rule =
                format!("must be from 1 to the number of instances, {instances}, not {size}");
            return findings.wrong(Code::E007, rule, "");
        }
        let callers =
            self.model.services.values().map(|it| self.model.laid_out(it)).max().unwrap_or(0);
        let places = subset::places(instances, size, callers);
        if places > subset::PLACES_MAX {
            let rule = format!("{callers} callers would deal {places} instances out");
            findings.wrong(Code::E012, rule, "make the subset smaller");
        }
    }
}
