//! More to those that can take more.
//!
//! By turns as nginx has it: each instance gains its weight, the one with most gives up what all
//! gained ("smooth weighted round robin", `ngx_http_upstream_round_robin.c`): with weights 5, 1, 1
//! that is a a b a c a a, not five in a row. The other rules weigh as well: random draws by weight,
//! and least outstanding compares what each has to do by its weight, and among equals, such as idle
//! ones, goes by turns by weight (nginx `least_conn`).

use super::{Candidate, Rule};
use crate::problem::{Code, Findings};
use crate::rng::Draw;
use schemars::JsonSchema;
use serde::Deserialize;

/// By weight.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weighted {
    /// The weight of each instance, in the order in which they are placed; those beyond the end of
    /// the list go through it again.
    pub weights: Vec<f64>,
    /// What is done by weight.
    #[serde(default = "turns")]
    pub then: Rule,
}

fn turns() -> Rule {
    Rule::RoundRobin
}

impl Weighted {
    pub fn check(&self, instances: u32, findings: &mut Findings) {
        findings.inside("weights", |it| {
            if self.weights.is_empty() || self.weights.len() > instances as usize {
                let rule = format!("must be from 1 to {instances} numbers, one for each instance");
                it.wrong(Code::E007, rule, "\"weights\": [2, 1]");
            }
            for (i, weight) in self.weights.iter().enumerate() {
                if !(1e-6..=1e6).contains(weight) {
                    let rule = format!("must be from 0.000001 to 1000000, not {weight}");
                    it.wrong_at(i, Code::E007, rule, "");
                }
            }
        });
    }
}

/// Where turns by weight have got to, instance by instance.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    gained: Vec<f64>,
    /// Where one that goes round among equals is.
    next: usize,
}

/// Who is there to choose from, and by what weight.
pub struct Weighed<'a> {
    pub candidates: &'a [Candidate],
    /// The places of those that may be chosen; at least one.
    pub among: &'a [u32],
    /// The weight of each candidate.
    pub weights: &'a [f64],
}

impl Weighed<'_> {
    fn weight(&self, place: u32) -> f64 {
        self.weights[place as usize]
    }

    /// What an instance has to do, by its weight.
    fn load(&self, place: u32) -> f64 {
        f64::from(self.candidates[place as usize].outstanding) / self.weight(place)
    }
}

impl Turns {
    pub fn new(instances: usize) -> Turns {
        Turns { gained: vec![0.0; instances], next: 0 }
    }

    /// The place of the chosen one.
    pub fn pick(&mut self, rule: Rule, weighed: &Weighed, draw: &mut Draw) -> u32 {
        match rule {
            Rule::None => weighed.among[0],
            Rule::Random => random(weighed, draw),
            Rule::RoundRobin => self.smooth(weighed, |_| true),
            Rule::LeastOutstanding => self.least(weighed),
            Rule::PowerOfTwo => less_of_two(weighed, draw),
        }
    }

    /// The next one by turns, of those that may have it, of whom there is at least one.
    fn smooth(&mut self, weighed: &Weighed, may: impl Fn(u32) -> bool) -> u32 {
        let (mut total, mut best) = (0.0, None);
        for place in weighed.among.iter().copied().filter(|it| may(*it)) {
            let weight = weighed.weight(place);
            total += weight;
            self.gained[place as usize] += weight;
            if best.is_none_or(|it: u32| self.gained[place as usize] > self.gained[it as usize]) {
                best = Some(place);
            }
        }
        let best = best.expect("there is at least one");
        self.gained[best as usize] -= total;
        best
    }

    /// Among equals it goes by turns by weight, or round where these are equal too.
    fn least(&mut self, weighed: &Weighed) -> u32 {
        let loads = weighed.among.iter().map(|it| weighed.load(*it));
        let least = loads.fold(f64::INFINITY, f64::min);
        let is_least = |it: u32| weighed.load(it) == least;
        let next = self.next as u32;
        let start = weighed.among.partition_point(|it| *it < next) % weighed.among.len();
        let (before, after) = weighed.among.split_at(start);
        let mut round = after.iter().chain(before).copied().filter(|it| is_least(*it));
        let first = round.next().expect("there is at least one");
        let chosen = match round.all(|it| weighed.weight(it) == weighed.weight(first)) {
            true => first,
            false => self.smooth(weighed, is_least),
        };
        self.next = chosen as usize + 1;
        chosen
    }
}

fn random(weighed: &Weighed, draw: &mut Draw) -> u32 {
    let total: f64 = weighed.among.iter().map(|it| weighed.weight(*it)).sum();
    let mut left = draw.unit() * total;
    let found = weighed.among.iter().find(|it| {
        left -= weighed.weight(**it);
        left < 0.0
    });
    *found.unwrap_or(&weighed.among[weighed.among.len() - 1])
}

fn less_of_two(weighed: &Weighed, draw: &mut Draw) -> u32 {
    let count = weighed.among.len() as u64;
    if count == 1 {
        return weighed.among[0];
    }
    let first = draw.below(count);
    let second = draw.below(count - 1);
    let second = if second < first { second } else { second + 1 };
    let (first, second) = (weighed.among[first as usize], weighed.among[second as usize]);
    let (one, other) = (weighed.load(first), weighed.load(second));
    let (mine, both) = (weighed.weight(first), weighed.weight(first) + weighed.weight(second));
    if one == other && both != 2.0 * mine {
        // Of two equals, such as two idle ones, by weight.
        return if draw.unit() * both < mine { first } else { second };
    }
    if other < one { second } else { first }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{candidates, fair};
    use super::*;

    fn picks<const N: usize>(
        rule: Rule,
        weights: [f64; N],
        outstanding: [u32; N],
        n: u64,
    ) -> Vec<u32> {
        let (candidates, mut turns) = (candidates(outstanding, [true; N]), Turns::new(N));
        let among: Vec<u32> = (0..N as u32).collect();
        let weighed = Weighed { candidates: &candidates, among: &among, weights: &weights };
        (0..n).map(|it| turns.pick(rule, &weighed, &mut Draw::at(5, it))).collect()
    }

    fn counts<const N: usize>(picks: Vec<u32>) -> [u64; N] {
        let mut counts = [0; N];
        picks.iter().for_each(|it| counts[*it as usize] += 1);
        counts
    }

    #[test]
    fn turns_by_weight_are_spread_as_nginx_spreads_them() {
        // The example in the message of nginx's change 52327e0627f4 of 2012.
        let turns = picks(Rule::RoundRobin, [5.0, 1.0, 1.0], [0; 3], 7);
        assert_eq!(turns, [0, 0, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn with_equal_weights_it_is_one_after_the_other() {
        assert_eq!(picks(Rule::RoundRobin, [3.0; 4], [0; 4], 9), [0, 1, 2, 3, 0, 1, 2, 3, 0]);
    }

    #[test]
    fn random_draws_are_by_weight() {
        let drawn = picks(Rule::Random, [3.0, 1.0, 4.0], [9, 0, 99], 100_000);
        fair(counts::<3>(drawn), [3.0 / 8.0, 1.0 / 8.0, 4.0 / 8.0]);
    }

    #[test]
    fn loads_are_compared_by_weight() {
        // 6 / 2 and 3 / 1 are alike and take turns by weight; 7 / 1 is more.
        let least = picks(Rule::LeastOutstanding, [2.0, 1.0, 1.0], [6, 3, 7], 9);
        assert_eq!(counts(least), [6, 3, 0]);
        let idle = picks(Rule::LeastOutstanding, [1.01, 1.0], [0, 0], 201);
        assert_eq!(counts(idle), [101, 100]);
        let of_two = counts(picks(Rule::PowerOfTwo, [9.0, 3.0, 3.0], [9, 3, 7], 90_000));
        // The first and the second are alike: by weight. The third wins of nobody.
        fair(of_two, [1.0 / 3.0 * 0.75 + 1.0 / 3.0, 1.0 / 3.0 * 0.25 + 1.0 / 3.0, 0.0]);
    }
}
