//! Services whose instances come and go.

use super::*;
use crate::parts::balance::Balance;
use crate::parts::operation::deploy::{Deploy, Strategy};
use crate::parts::scaling::metric::requested;
use crate::parts::scaling::vertical::Vertical;

impl Checker<'_> {
    pub(super) fn scaling(&self, service: &Service, findings: &mut Findings) {
        if let Some(deploy) = &service.deploy {
            findings.inside("deploy", |it| deploy.check(it));
        }
        if let Some(restart) = &service.restart {
            findings.inside("restart", |it| restart.check(it));
        }
        if let Some(liveness) = &service.liveness {
            findings.inside("liveness", |it| {
                liveness.check(it);
                if service.restart.is_none() {
                    let rule = "what is killed is to be started again, and nothing says how";
                    it.wrong(Code::E010, rule, "give \"restart\": {} too");
                }
            });
        }
        if let Some(budget) = &service.disruption_budget {
            findings.inside("disruption_budget", |it| {
                budget.check(it);
                if !service.comes_and_goes() {
                    let rule = "nothing is done to the instances that could disrupt them";
                    it.wrong(Code::E010, rule, "leave it out, or give \"deploy\"");
                }
                if service.deploy.as_ref().is_some_and(|it| it.strategy == Strategy::Recreate) {
                    let rule =
                        "the deploy stops all instances at once, whatever must be left ready";
                    it.wrong(Code::E010, rule, "leave it out, or deploy in another way");
                }
                let none_more = |it: &Deploy| it.strategy.slack(service.instances).0 == 0;
                if service.deploy.as_ref().is_some_and(none_more)
                    && budget.least(service.instances) >= service.instances
                {
                    let rule = "a deploy that starts no more than are wanted can stop none of them";
                    it.wrong(Code::E010, rule, "allow one to be missing, or give \"max_surge\": 1");
                }
            });
        }
        if let Some(reschedule) = &service.reschedule {
            findings.inside("reschedule", |it| reschedule.check(it));
            self.has_room_at_first("reschedule", service, findings);
        }
        if !service.comes_and_goes() {
            if service.grace.is_some() {
                let rule = "no instance is ever told to stop";
                findings.wrong_at("grace", Code::E010, rule, "leave it out, or give \"scaling\"");
            }
            if !service.readiness && service.restart.is_none() {
                let rule = "no instance is ever started while requests come";
                findings.wrong_at(
                    "readiness",
                    Code::E010,
                    rule,
                    "leave it out, or give \"deploy\"",
                );
            }
            return;
        }
        if let Some(scaling) = &service.scaling {
            findings.inside("scaling", |it| {
                scaling.check(service.instances, it);
                if scaling.needs_request() && service.cpu.is_none() {
                    let rule = match scaling.vertical() {
                        Some(_) => "a request that moves must begin somewhere, and the service's cpu is not given",
                        None => "percents of a request need one, and the service's cpu is not given",
                    };
                    it.wrong(Code::E010, rule, "\"cpu\": { \"request\": 0.5 }");
                }
                if let Some(vertical) = scaling.vertical() {
                    it.inside("vertical", |it| self.vertical(service, vertical, it));
                }
            });
        }
        let key = match service {
            it if it.scaling.is_some() => "scaling",
            it if it.deploy.is_some() => "deploy",
            _ => "reschedule",
        };
        if *service.balancer() == Balance::None && service.balance.is_some() {
            let rule = "without a balancer all goes to the first instance, however many there are";
            findings.wrong_at(key, Code::E010, rule, "\"balance\": \"round_robin\"");
        }
        if service.subset.is_some() {
            let rule = "is of a fixed number of instances, and these come and go";
            findings.wrong_at("subset", Code::E010, rule, "leave it out");
        }
    }

    /// Requests that move: they begin within their bounds, and there is a host for whatever they may be.
    fn vertical(&self, service: &Service, spec: &Vertical, findings: &mut Findings) {
        let Some(cpu) = service.cpu else { return };
        if spec.min <= spec.max && !(spec.min..=spec.max).contains(&cpu.request) {
            let rule = format!(
                "the service's cpu begins with a request of {}, not {} to {}",
                cpu.request, spec.min, spec.max
            );
            let nearest = cpu.request.clamp(spec.min, spec.max);
            let mend = format!("\"cpu\": {{ \"request\": {nearest} }}");
            findings.wrong_at("min", Code::E010, rule, mend);
        }
        let least = service.disruption_budget.map_or(0, |it| it.least(service.instances));
        if least >= service.instances {
            let rule = format!("the disruption budget lets none of {least} instances go");
            findings.wrong(Code::E010, rule, "\"disruption_budget\": { \"max_unavailable\": 1 }");
        }
        let Some(group) = self.model.hosts.get(&service.hosts) else { return };
        if spec.max > f64::from(group.cores) {
            let rule = format!(
                "what requests so much finds no host: those of \"{}\" have {} cores",
                service.hosts, group.cores
            );
            findings.wrong_at("max", Code::E010, rule, format!("\"max\": {}", group.cores));
        }
        self.has_room_at_first("vertical", service, findings);
        let others = self.model.services.values().filter(|it| it.hosts == service.hosts);
        let each =
            |it: &Service| u64::from(it.instances) * it.cpu.map_or(0, |it| requested(it.request));
        let all: u64 = others.map(each).sum();
        let room = 1000 * u64::from(group.cores) * u64::from(group.most());
        if all > room {
            let rule = format!(
                "services request {} cores of the {} of \"{}\" to begin with",
                all as f64 / 1000.0,
                room / 1000,
                service.hosts
            );
            let mend = "more hosts, or a smaller \"cpu\": { \"request\": … }";
            findings.wrong(Code::E010, rule, mend);
        }
    }

    /// Where instances are placed by what they request there must be room for those that it begins with.
    fn has_room_at_first(&self, key: &str, service: &Service, findings: &mut Findings) {
        let (Some(cpu), Some(group)) = (service.cpu, self.model.hosts.get(&service.hosts)) else {
            return;
        };
        let each = u64::from(group.cores) * 1000 / requested(cpu.request).max(1);
        if each * u64::from(group.most()) < u64::from(service.instances) {
            let rule = format!(
                "{} instances request {} cores each, and \"{}\" has not so much room",
                service.instances, cpu.request, service.hosts
            );
            let mend = "more hosts, or a smaller \"cpu\": { \"request\": … }";
            findings.wrong_at(key, Code::E010, rule, mend);
        }
    }

    /// Instances on hosts that come and go must say how much room they take, and those that stay must
    /// have it from the start.
    pub(super) fn room(&self, findings: &mut Findings) {
        for (group, hosts) in self.model.hosts.iter().filter(|it| it.1.autoscaling.is_some()) {
            let mut taken = 0;
            for (name, service) in self.model.services.iter().filter(|it| it.1.hosts == *group) {
                let Some(cpu) = service.cpu else {
                    let rule =
                        format!("hosts of \"{group}\" come and go by what instances request");
                    let mend = "\"cpu\": { \"request\": 0.5 }";
                    findings.inside(name, |it| it.wrong_at("cpu", Code::E004, rule, mend));
                    continue;
                };
                if cpu.request > f64::from(hosts.cores) {
                    let rule = format!("requests more cores than a host of \"{group}\" has");
                    findings.inside(name, |it| it.wrong_at("cpu", Code::E010, rule, ""));
                }
                // What comes and goes may also be pending.
                if !service.comes_and_goes() {
                    let on_one = service.instances.div_ceil(hosts.count.max(1));
                    taken += requested(cpu.request) * u64::from(on_one);
                }
            }
            if taken > 1000 * u64::from(hosts.cores) {
                let taken = taken as f64 / 1000.0;
                let rule =
                    format!("services that stay request {taken} cores of a host of \"{group}\"");
                let mend = "give them hosts of their own, or more of these";
                let first = self.model.services.iter().find(|it| it.1.hosts == *group);
                let name = first.map_or("", |it| it.0.as_str());
                findings.inside(name, |it| it.wrong_at("hosts", Code::E010, rule, mend));
            }
        }
    }
}
