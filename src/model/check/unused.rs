//! What a model describes and nothing uses: most often a name that was meant elsewhere.

use super::*;

impl Checker<'_> {
    /// Hosts that nothing runs on, which would be paid for all the same, and pools that no call goes
    /// through.
    pub(super) fn unused(&self, findings: &mut Findings) {
        findings.inside("hosts", |it| {
            let used = |group: &String| self.model.services.values().any(|it| it.hosts == *group);
            for group in self.model.hosts.keys().filter(|it| !used(it)) {
                let rule = "no service runs on these hosts";
                let mend = format!("leave them out, or say \"hosts\": \"{group}\" in a service");
                it.wrong_at(group, Code::E014, rule, mend);
            }
        });
        findings.inside("services", |it| {
            for (name, service) in &self.model.services {
                it.inside(name, |it| it.inside("pools", |it| unused_pools(service, it)));
            }
        });
    }
}

fn unused_pools(service: &Service, findings: &mut Findings) {
    let goes = |step: &Step, pool: &String| match step {
        Step::Call(call) => call.through.as_ref() == Some(pool),
        _ => false,
    };
    for pool in service.pools.keys().filter(|pool| !any_step(service, |it| goes(it, pool))) {
        let rule = "no call of this service goes through this pool";
        let mend = format!("leave it out, or say \"through\": \"{pool}\" beside a \"call\"");
        findings.wrong_at(pool, Code::E014, rule, mend);
    }
}
