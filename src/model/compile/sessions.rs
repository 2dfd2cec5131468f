//! How requests and sessions come, and what sessions consist of.

use super::*;
use crate::model::file::{Coming, Session as Written, SessionStep};
use crate::parts::distribution::{Count, Distribution, Law};
use crate::units::Rate;

impl Coming<'_> {
    /// The process that it is.
    pub(super) fn arrival(&self, users: Option<f64>, counts: &[f64]) -> Arrival {
        if let Some(bursts) = self.bursts {
            let phases = bursts.iter().map(|it| (it.rate.as_per_s(), it.stay));
            return Arrival::Bursts { phases: phases.collect() };
        }
        if let Some(every) = self.every {
            return Arrival::Renewal { gap: every.law() };
        }
        if let Some(recorded) = self.recorded {
            return Arrival::Open { rates: recorded_rates(recorded, counts) };
        }
        if let Some(timestamps) = self.timestamps {
            return Arrival::Instants { at: timestamps.instants() };
        }
        let per_user = self.per_user.map(|it| it.as_per_s() * users.unwrap_or(0.0));
        let rate = self.rate.map(Rate::as_per_s).or(per_user).unwrap_or(0.0);
        Arrival::Open { rates: vec![(Time::ZERO, rate)] }
    }
}

impl Compiler<'_> {
    pub(super) fn sessions(&mut self, recorded: &Recorded) {
        for (name, session) in &self.model.sessions {
            let counts = recorded.get(name).map_or(&[][..], |counts| counts);
            let arrival = session.coming().arrival(self.network.users, counts);
            let mut stages = self.stages(session);
            visits(&mut stages);
            let leave_on_failure = session.leave_on_failure;
            let key = key_of(&format!("session {name}"));
            self.network.sessions.push(Session { arrival, stages, leave_on_failure, key });
            self.names.sessions.push(name.to_owned());
        }
    }

    fn stages(&self, session: &Written) -> Vec<Stage> {
        if let Some(steps) = &session.steps {
            let last = steps.len() - 1;
            let stage = |(i, it): (usize, &SessionStep)| Stage {
                ask: self.class_called(&it.ask),
                think: law_of(&it.think),
                times: it.times.law(),
                share: it.share,
                then: if i < last { vec![(1.0, i as u32 + 1)] } else { Vec::new() },
                visits: 0.0,
            };
            return steps.iter().enumerate().map(stage).collect();
        }
        let graph = session.graph.as_ref().expect("checked: steps or a graph");
        // The state in which sessions begin comes first, in the place of the one that stands there.
        let begin = graph.states.get_index_of(&graph.begin).expect("checked: it is there");
        let place = |at: usize| match at {
            0 => begin,
            at if at == begin => 0,
            at => at,
        };
        let stage = |at: usize| {
            let state = &graph.states[place(at)];
            let mut sum = 0.0;
            let then = state.then.iter().map(|(name, chance)| {
                sum += chance;
                let next = graph.states.get_index_of(name).expect("checked: it is there");
                (sum, place(next) as u32)
            });
            Stage {
                ask: self.class_called(&state.ask),
                think: law_of(&state.think),
                times: Count::Constant(1).law(),
                share: 1.0,
                then: then.collect(),
                visits: 0.0,
            }
        };
        (0..graph.states.len()).map(stage).collect()
    }

    fn class_called(&self, name: &str) -> ClassId {
        let place = self.names.classes.iter().position(|it| it == name);
        ClassId::new(place.expect("checked: it is there"))
    }
}

fn law_of(think: &Option<Distribution>) -> Law {
    think.as_ref().unwrap_or(&Distribution::Constant(Span::ZERO)).law()
}

/// How often a session comes to each stage on average: chances are carried on from stage to stage
/// until hardly any are left, or the graph is so large that it would take long.
fn visits(stages: &mut [Stage]) {
    const ROUNDS_MAX: usize = 10_000;
    const PASSES_MAX: usize = 30_000_000;
    let ways: usize = stages.iter().map(|it| 1 + it.then.len()).sum();
    let mut now = vec![0.0; stages.len()];
    now[0] = 1.0;
    for _ in 0..ROUNDS_MAX.min(PASSES_MAX / ways) {
        let mut next = vec![0.0; stages.len()];
        for (stage, chance) in stages.iter_mut().zip(&now) {
            stage.visits += chance;
            let mut before = 0.0;
            for (up_to, to) in &stage.then {
                next[*to as usize] += chance * (up_to - before);
                before = *up_to;
            }
        }
        now = next;
        if now.iter().sum::<f64>() < 1e-9 {
            break;
        }
    }
}
