//! Control variates of a point: figures whose mean is known before anything is simulated.

use super::point::Point;
use super::summary::CONFIDENCE;
use super::trial::Trial;
use crate::network::Arrival;
use crate::stats::control::{Controlled, controlled};
use crate::theory::predict;

/// What controls the responses of each class, if anything does.
pub struct Controls {
    by_class: Vec<Option<Control>>,
}

/// A figure by its place, and its mean.
#[derive(Clone, Copy)]
struct Control {
    place: usize,
    mean: f64,
}

impl Controls {
    pub fn none() -> Controls {
        Controls { by_class: Vec::new() }
    }

    /// How busy a service is, where theory knows it of the only class there is; else how many requests
    /// of the class come, where they come at a rate that does not change. Chosen before anything is seen:
    /// to choose what fits best would make intervals too narrow.
    ///
    /// None where users have left: how much comes hangs on who did, run by run.
    pub fn of(point: &Point, trials: &[Trial]) -> Controls {
        if trials.iter().filter_map(|it| it.left.users).any(|it| it.share < 1.0) {
            return Controls::none();
        }
        let place = |name: &str| trials.first()?.figures.iter().position(|it| it.name == name);
        let control = |name: &str, mean: f64| Some(Control { place: place(name)?, mean });
        let alone = point.network.classes.len() == 1;
        let predictions = if alone { predict(&point.network, &point.names) } else { Vec::new() };
        let busy = predictions.iter().find(|it| it.metric.ends_with(".utilization"));
        let busy = busy.and_then(|it| control(&it.metric, it.value));
        let classes = point.network.classes.as_slice().iter().zip(&point.names.classes);
        let by_class = classes.map(|(class, name)| match &class.arrival {
            // Of those that come several at a time the rate is how often they come.
            Arrival::Open { rates } if rates.len() == 1 && class.batch.is_none() => {
                busy.or_else(|| control(&format!("{name}.arrivals"), rates[0].1))
            }
            _ => None,
        });
        Controls { by_class: by_class.collect() }
    }

    /// The estimate of a figure of a class's responses from its values over replications.
    pub fn estimate(&self, class: usize, trials: &[Trial], values: &[f64]) -> Option<Controlled> {
        let Control { place, mean } = (*self.by_class.get(class)?)?;
        let controls: Option<Vec<f64>> = trials.iter().map(|it| it.figures[place].value).collect();
        controlled(values, &controls?, mean, CONFIDENCE)
    }
}
