//! How many replications there are: what the file says of them, and the command line in its place.

use super::expect::aim;
use super::file::Replications;
use crate::problem::{Code, Findings, Problem};

impl Replications {
    /// The same with exactly so many of them, as `--replications` asks for: how they come, and what is
    /// wanted of them, stays as it was. Told where that cannot be.
    pub fn exactly(&self, count: u32) -> Result<Replications, Problem> {
        let max = self.max.map(|_| count);
        let exactly = Replications { min: count, max, ..self.clone() };
        let mut findings = Findings::default();
        exactly.check(&mut findings);
        // Of too few in pairs it matters little that they are odd too: the last says most.
        let Some(last) = findings.into_vec().pop() else { return Ok(exactly) };
        let place = format!("--replications {count}");
        let mend = format!("--replications {}", last.mend);
        Err(Problem::without_place(last.code, &place, last.rule, &mend))
    }

    pub fn check(&self, findings: &mut Findings) {
        const MOST: u32 = 100_000;
        let (min, max) = (self.min, self.max.unwrap_or(self.min));
        if min == 0 || min > MOST {
            findings.wrong_at(
                "min",
                Code::E007,
                format!("must be from 1 to {MOST}, not {min}"),
                "",
            );
        }
        if max < min || max > MOST {
            let rule = format!("must be from min, {min}, to {MOST}, not {max}");
            findings.wrong_at("max", Code::E007, rule, "");
        }
        let adds = [("until", !self.until.is_empty()), ("select", self.select.is_some())];
        for (key, _) in adds.iter().filter(|it| it.1 && self.max.is_none()) {
            let rule = format!("{key} adds replications, and nothing says up to how many");
            findings.wrong(Code::E004, rule, "add \"max\": 40");
        }
        if self.antithetic {
            self.check_pairs(findings);
        }
        if let Some(select) = &self.select {
            if min < 2 {
                findings.wrong_at(
                    "min",
                    Code::E007,
                    "one run tells nothing of how runs differ",
                    "10",
                );
            }
            if aim(&select.metric).is_none() {
                let rule =
                    format!("nothing says whether more or less of {} is better", select.metric);
                let mend = "a response, an availability, a goodput";
                findings.inside("select", |it| it.wrong_at("metric", Code::E010, rule, mend));
            }
            if select.within.as_ratio() <= 0.0 {
                let rule = "must be more than nothing, or no number of replications would do";
                findings.inside("select", |it| it.wrong_at("within", Code::E007, rule, "\"5%\""));
            }
        }
    }

    fn check_pairs(&self, findings: &mut Findings) {
        let max = self.max.unwrap_or(self.min);
        for (key, count) in [("min", self.min), ("max", max)] {
            if count % 2 == 1 {
                let rule = format!("antithetic replications come in pairs, and {count} is odd");
                findings.wrong_at(key, Code::E010, rule, (count + 1).to_string());
            }
        }
        if self.min < 4 {
            let rule = "one antithetic pair tells nothing of how pairs differ";
            findings.wrong_at("min", Code::E007, rule, "10");
        }
        if self.controls {
            let rule = "antithetic pairs and control variates take away the same variance";
            findings.wrong_at("controls", Code::E010, rule, "leave one of the two out");
        }
    }
}
