//! Reads the measured values of `empirical` distributions, wherever in a model one stands, and the
//! instants of arrivals.

use super::Files;
use super::file::*;
use crate::parts::arrival::Timestamps;
use crate::parts::columns;
use crate::parts::distribution::{Distribution, Shape};
use crate::parts::fault::Fault;
use crate::parts::policy::retry::{Backoff, Retry, Varying};
use crate::parts::scaling::provision::Provision;
use crate::problem::{Code, Findings};

/// Fills in the values of all empirical distributions of the model.
pub fn read(model: &mut Model, files: &Files, findings: &mut Findings) {
    findings.inside("links", |it| {
        for (i, link) in model.links.iter_mut().enumerate() {
            it.inside(i, |it| one("latency", &mut link.latency, files, it));
        }
    });
    findings.inside("hosts", |it| {
        for (name, group) in &mut model.hosts {
            it.inside(name, |it| {
                for (key, disk) in [("disk", &mut group.disk), ("log", &mut group.log)] {
                    let Some(disk) = disk else { continue };
                    it.inside(key, |it| {
                        for (key, law) in [("access", &mut disk.access), ("sync", &mut disk.sync)] {
                            law.iter_mut().for_each(|law| one(key, law, files, it));
                        }
                    });
                }
                if let Some(wake) = &mut group.wake {
                    it.inside("wake", |it| one("delay", &mut wake.delay, files, it));
                }
                group.provision.iter_mut().for_each(|how| provision(how, files, it));
                if let Some(scaling) = &mut group.autoscaling {
                    it.inside("autoscaling", |it| {
                        provision(&mut scaling.provision, files, it);
                    });
                }
                let batch = group.accelerator.as_mut().and_then(|it| it.batch.as_mut());
                if let Some(batch) = batch {
                    let base = &mut batch.base;
                    it.inside("accelerator", |it| {
                        it.inside("batch", |it| one("base", base, files, it));
                    });
                }
            });
        }
    });
    findings.inside("services", |it| {
        for (name, service) in &mut model.services {
            it.inside(name, |it| {
                service.patience.iter_mut().for_each(|law| one("patience", law, files, it));
                one("start", &mut service.start, files, it);
                if let Some(failover) = &mut service.failover {
                    it.inside("failover", |it| {
                        failover
                            .detection
                            .iter_mut()
                            .for_each(|law| one("detection", law, files, it));
                        one("promotion", &mut failover.promotion, files, it);
                        failover.noticed.iter_mut().for_each(|law| one("noticed", law, files, it));
                    });
                }
                it.inside("operations", |it| {
                    for (name, list) in &mut service.operations {
                        it.inside(name, |it| steps(list, files, it));
                    }
                });
            });
        }
    });
    findings.inside("faults", |it| {
        for (i, fault) in model.faults.iter_mut().enumerate() {
            it.inside(i, |it| of_fault(fault, files, it));
        }
    });
    findings.inside("traffic", |it| {
        for (name, class) in &mut model.traffic {
            it.inside(name, |it| {
                class.every.iter_mut().for_each(|law| one("every", law, files, it));
                class.timestamps.iter_mut().for_each(|at| instants(at, files, it));
                class.deadline.iter_mut().for_each(|law| one("deadline", law, files, it));
                pause(&mut class.retry, files, it);
                if let Some(closed) = &mut class.closed {
                    it.inside("closed", |it| one("think", &mut closed.think, files, it));
                }
            });
        }
    });
    findings.inside("sessions", |it| sessions(model, files, it));
}

fn sessions(model: &mut Model, files: &Files, findings: &mut Findings) {
    for (name, session) in &mut model.sessions {
        findings.inside(name, |it| {
            session.every.iter_mut().for_each(|law| one("every", law, files, it));
            session.timestamps.iter_mut().for_each(|at| instants(at, files, it));
            it.inside("steps", |it| {
                for (i, step) in session.steps.iter_mut().flatten().enumerate() {
                    it.inside(i, |it| {
                        step.think.iter_mut().for_each(|law| one("think", law, files, it));
                    });
                }
            });
            let states = session.graph.iter_mut().flat_map(|it| &mut it.states);
            for (state, spec) in states {
                it.inside("graph", |it| {
                    it.inside("states", |it| {
                        it.inside(state, |it| {
                            spec.think.iter_mut().for_each(|law| one("think", law, files, it));
                        });
                    });
                });
            }
        });
    }
}

fn provision(how: &mut Provision, files: &Files, findings: &mut Findings) {
    if let Provision::Takes(law) = how {
        one("provision", law, files, findings);
    }
}

fn instants(timestamps: &mut Timestamps, files: &Files, findings: &mut Findings) {
    findings.inside("timestamps", |it| match files(&timestamps.file) {
        Ok(text) => timestamps.load(&text, it),
        Err(why) => {
            it.wrong_at("file", Code::E011, why, "paths are relative to this file");
        }
    });
}

/// The same for a fault.
pub fn of_fault(fault: &mut Fault, files: &Files, findings: &mut Findings) {
    let laws = [
        ("latency", fault.latency.as_mut()),
        ("every", fault.every.as_mut()),
        ("for", Some(&mut fault.duration)),
    ];
    for (key, law) in laws {
        law.into_iter().for_each(|law| one(key, law, files, findings));
    }
}

fn steps(list: &mut [Step], files: &Files, findings: &mut Findings) {
    for (i, step) in list.iter_mut().enumerate() {
        findings.inside(i, |it| match step {
            Step::Cpu(step) => one("cpu", &mut step.cpu, files, it),
            Step::Wait(step) => one("wait", &mut step.wait, files, it),
            Step::Parallel(step) => it.inside("parallel", |it| {
                for (branch, list) in step.parallel.iter_mut().enumerate() {
                    it.inside(branch, |it| steps(list, files, it));
                }
            }),
            Step::Choose(step) => it.inside("choose", |it| {
                for (option, choice) in step.choose.iter_mut().enumerate() {
                    it.inside(option, |it| {
                        it.inside("do", |it| steps(&mut choice.steps, files, it))
                    });
                }
            }),
            Step::Lock(step) => it.inside("do", |it| steps(&mut step.steps, files, it)),
            Step::Cache(step) => it.inside("miss", |it| steps(&mut step.miss, files, it)),
            Step::Call(step) => {
                step.deadline.iter_mut().for_each(|law| one("deadline", law, files, it));
                pause(&mut step.retry, files, it);
                if let Some(list) = &mut step.fallback {
                    it.inside("fallback", |it| steps(list, files, it));
                }
            }
            Step::Disk(_)
            | Step::Commit(_)
            | Step::Accelerator(_)
            | Step::Send(_)
            | Step::Fail(_) => {}
        });
    }
}

fn pause(retry: &mut Option<Retry>, files: &Files, findings: &mut Findings) {
    if let Some(Backoff::Varying(Varying::Random(law))) = retry.as_mut().map(|it| &mut it.backoff) {
        findings.inside("retry", |it| it.inside("backoff", |it| one("random", law, files, it)));
    }
}

fn one(key: &str, law: &mut Distribution, files: &Files, findings: &mut Findings) {
    let Distribution::Random(Shape::Empirical(empirical)) = law else { return };
    // What cannot be read is told here, and not once more by the check.
    empirical.values_ns = Some([0.0].into());
    findings.inside(key, |it| {
        it.inside("empirical", |it| match files(&empirical.file) {
            Ok(text) => {
                let values = columns::read_one(&text, "column", &empirical.column, it);
                values.iter().for_each(|values| empirical.take(values, it));
            }
            Err(why) => {
                it.wrong_at("file", Code::E011, why, "paths are relative to this file");
            }
        });
    });
}
