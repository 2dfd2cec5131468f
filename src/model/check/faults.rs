//! What fails: that it is there, and can fail as is said.

use super::hosts::{is_place, places};
use super::*;
use crate::model::compile::split_number;
use crate::parts::distribution::Distribution;
use crate::parts::fault::Fault;

/// Faults of a model beyond which it is refused; each has a course of its own.
const FAULTS_MAX: usize = 1000;

impl Checker<'_> {
    pub(super) fn faults(&self, findings: &mut Findings) {
        if self.model.faults.len() > FAULTS_MAX {
            let rule =
                format!("{} faults; at most {FAULTS_MAX} can be run", self.model.faults.len());
            return findings.wrong(Code::E012, rule, "name a group of hosts, or a service");
        }
        for (i, fault) in self.model.faults.iter().enumerate() {
            findings.inside(i, |it| {
                fault.check(it);
                fails(self.model, fault, it);
                if fault.every.is_none() {
                    let rule = "in a model, things fail at random: every so often";
                    let mend = "\"every\": \"90d\"; what fails once is for an experiment to say";
                    it.wrong(Code::E004, rule, mend);
                }
            });
        }
    }
}

/// Whether what a fault names is in the model, if that is not about its load.
pub fn fails(model: &Model, fault: &Fault, findings: &mut Findings) {
    let name = &model.name;
    let told = |what: &str| format!("model \"{name}\" has no {what}");
    if let Some(zone) = &fault.zone {
        let zones = zones_with_hosts(model);
        if zone != "any" && !zones.contains(&zone.as_str()) {
            let known = zones.into_iter().chain(["any"]);
            let rule = told(&format!("hosts in a zone \"{zone}\""));
            findings.wrong_at("zone", Code::E008, rule, suggest(zone, known));
        }
    }
    let random = fault.every.is_some();
    if let Some(host) = &fault.host {
        let counts = model.hosts.iter().map(|(name, group)| (name, group.count));
        one_of("host", host, counts, random, model, findings);
    }
    if let Some(instance) = &fault.instance {
        let counts = model.services.iter().map(|(name, service)| (name, service.instances));
        one_of("instance", instance, counts, random, model, findings);
        let named = model.services.get(split_number(instance).0);
        let at_once = matches!(&fault.duration, Distribution::Constant(it) if it.is_zero());
        if fault.is_crash_of_a_program() && at_once && named.is_some_and(|it| it.restart.is_none())
        {
            let rule = "must be longer than nothing where the service has no \"restart\"";
            findings.wrong_at("for", Code::E007, rule, "an outage takes minutes: \"20m\"");
        }
        let disk = fault.slow.is_some_and(|it| it.disk < 1.0 || it.accelerator < 1.0);
        if disk {
            let rule = "disks and accelerators belong to a host";
            findings.wrong_at("slow", Code::E010, rule, "name the \"host\"");
        }
    }
    if fault.for_good {
        can_be_replaced(model, fault, findings);
    }
    for (key, ends) in [("link", &fault.link), ("partition", &fault.partition)] {
        let Some(ends) = ends else { continue };
        for (i, end) in ends.iter().enumerate() {
            if end != "*" && !is_place(model, end) {
                let rule = told(&format!("zone, region or provider \"{end}\""));
                let mend = suggest(end, places(model).into_iter().chain(["*"]));
                findings.inside(key, |it| it.wrong_at(i, Code::E008, rule, mend));
            }
        }
        if key == "partition" && ends[0] == ends[1] && model.zones.contains_key(&ends[0]) {
            let rule = "a zone is not parted from itself";
            findings.wrong_at(key, Code::E010, rule, "name two zones");
        }
    }
    if let Some(cache) = &fault.cache {
        let known = caches(model);
        if !known.contains(cache) {
            let rule = told(&format!("cache \"{cache}\" that holds anything"));
            let mend = suggest(cache, known.iter().map(String::as_str));
            findings.wrong_at("cache", Code::E008, rule, mend);
        }
    }
}

/// Whether all machines that a fault takes for good say how others are provisioned in their place.
fn can_be_replaced(model: &Model, fault: &Fault, findings: &mut Findings) {
    let group = fault.host.as_deref().map(|it| split_number(it).0);
    let lost = model.hosts.iter().filter(|(name, spec)| match (&fault.zone, group) {
        (Some(zone), _) => zone == "any" || spec.zones.is_empty() || spec.zones.contains(zone),
        (None, group) => group == Some(name.as_str()),
    });
    let silent: Vec<String> =
        lost.filter(|it| it.1.provision.is_none()).map(|it| format!("hosts.{}", it.0)).collect();
    if !silent.is_empty() {
        let rule = format!(
            "nothing says how long it takes to replace what is lost: {} of model \"{}\"",
            silent.join(", "),
            model.name
        );
        findings.wrong_at("for_good", Code::E004, rule, "give them \"provision\": \"as_code\"");
    }
}

/// Whether a name such as `rack.0` is one of so many of each name; at random, all of a name are meant
/// where there is no number.
fn one_of<'m>(
    kind: &'static str,
    name: &str,
    counts: impl Iterator<Item = (&'m String, u32)> + Clone,
    random: bool,
    model: &Model,
    findings: &mut Findings,
) {
    let (group, number) = match split_number(name) {
        _ if random && counts.clone().any(|it| it.0 == name) => return,
        split => split,
    };
    let found = counts.clone().find(|it| it.0 == group);
    let there = found.is_some_and(|it| number.is_some_and(|number| number < it.1 as usize));
    if !there {
        let rule = format!("model \"{}\" has no {kind} \"{name}\"", model.name);
        let known: Vec<String> = counts.map(|it| format!("{}.0", it.0)).collect();
        let mend = suggest(name, known.iter().map(String::as_str));
        findings.wrong_at(kind, Code::E008, rule, mend);
    }
}

fn zones_with_hosts(model: &Model) -> Vec<&str> {
    if model.zones.is_empty() {
        return vec!["here"];
    }
    let all: Vec<&String> = model.zones.keys().collect();
    let mut with_hosts: Vec<&str> = Vec::new();
    for group in model.hosts.values() {
        let own: Vec<&String> =
            if group.zones.is_empty() { all.clone() } else { group.zones.iter().collect() };
        with_hosts.extend(own.iter().take(group.count as usize).map(|it| it.as_str()));
    }
    all.into_iter().map(String::as_str).filter(|it| with_hosts.contains(it)).collect()
}

/// Caches by keys and memories that answer reads: what can be lost.
fn caches(model: &Model) -> Vec<String> {
    let mut known = Vec::new();
    for (service, spec) in &model.services {
        for (operation, steps) in &spec.operations {
            each_step(steps, &mut |step| {
                let Step::Cache(step) = step else { return };
                let name = step.cache.name.as_ref().unwrap_or(operation);
                let name = format!("{service}.cache.{name}");
                if step.cache.keys.is_some() && !known.contains(&name) {
                    known.push(name);
                }
            });
        }
        if spec.buffer.is_some() {
            known.push(format!("{service}.buffer"));
        }
    }
    known
}
