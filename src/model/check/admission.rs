//! Disciplines of lines, and who is let in at all.

use super::*;
use crate::parts::discipline::Discipline;

impl Checker<'_> {
    pub(super) fn admission(&self, service: &Service, findings: &mut Findings) {
        let known = |class: &str, it: &mut Findings| self.class_named(class, it);
        findings.inside("discipline", |it| service.discipline.check(&known, it));
        if let Some(patience) = &service.patience {
            findings.inside("patience", |it| patience.check(it));
        }
        if let Some(adaptive) = &service.adaptive_patience {
            findings.inside("adaptive_patience", |it| adaptive.check(it));
            if service.patience.is_some() {
                let rule = "a line has one patience";
                let mend = "leave out this or \"patience\"";
                findings.wrong_at("adaptive_patience", Code::E010, rule, mend);
            }
        }
        if let Some(codel) = &service.codel {
            findings.inside("codel", |it| codel.check(it));
        }
        findings.inside("rate_limits", |it| {
            for (i, limit) in service.rate_limits.iter().enumerate() {
                it.inside(i, |it| limit.check(&known, it));
            }
        });
        findings.inside("shed", |it| {
            for (i, shed) in service.shed.iter().enumerate() {
                it.inside(i, |it| shed.check(&known, it));
            }
        });
        if !service.shed.is_empty() && service.workers.or(service.connections).is_none() {
            let rule = "no share of them is ever busy if workers are unlimited";
            findings.wrong_at("shed", Code::E010, rule, "give \"workers\" too");
        }
        self.has_a_line(service, findings);
        self.sizes_are_known(service, findings);
    }

    /// What is said of a line is said in vain where nobody ever stands in one.
    fn has_a_line(&self, service: &Service, findings: &mut Findings) {
        let said = [
            ("discipline", service.discipline != Discipline::Fifo),
            ("patience", service.patience.is_some()),
            ("adaptive_patience", service.adaptive_patience.is_some()),
            ("codel", service.codel.is_some()),
            ("discard_expired", service.discard_expired),
        ];
        let (rule, mend) = match (service.connections, service.workers, service.line) {
            (Some(_), _, _) => {
                let mend = "a database with \"workers\" in place of \"connections\" has a line";
                ("there is no line in front of connections: more are refused", mend)
            }
            (_, None, _) => {
                ("nobody stands in line if workers are unlimited", "give \"workers\" too")
            }
            (_, _, Some(0)) => ("nobody may stand in line", "give \"line\" more room"),
            _ => return,
        };
        for (key, _) in said.into_iter().filter(|it| it.1) {
            findings.wrong_at(key, Code::E010, rule, mend);
        }
    }

    /// The shortest can be told if each operation begins with work.
    fn sizes_are_known(&self, service: &Service, findings: &mut Findings) {
        if service.discipline != Discipline::ShortestFirst {
            return;
        }
        let unknown = |steps: &Vec<Step>| {
            !steps.is_empty() && !matches!(steps[0], Step::Cpu(_) | Step::Wait(_))
        };
        for (name, _) in service.operations.iter().filter(|it| unknown(it.1)) {
            findings.inside("operations", |it| {
                let rule = "nobody can tell how long this takes before it has begun";
                let mend = "\"shortest_first\" needs operations that begin with cpu or wait";
                it.wrong_at(name, Code::E010, rule, mend);
            });
        }
    }
}
