//! Which formula applies to each part of a network, why, and what it says.
//!
//! Parts are services with their workers, cores, disks, and whole classes of requests. Product-form
//! networks are those of Baskett, Chandy, Muntz & Palacios ("Open, closed, and mixed networks of
//! queues with different classes of customers", JACM 22, 1975). Of what none of them covers, a
//! formula of queues of any law gives an approximation (Kingman, "The single server queue in heavy
//! traffic", 1961; Allen & Cunneen in Allen, *Probability, Statistics, and Queueing Theory*, 1990),
//! with workers that are held while others answer as in layered queueing (Rolia & Sevcik, "The
//! method of layers", IEEE TSE 21(8), 1995); and the operational laws give bounds (Denning & Buzen,
//! 1978).

mod flows;
mod lossy;
mod open;
mod renewal;
mod users;
mod walk;

use crate::network::{Arrival, Names, Network};
use flows::Flows;

/// What is said of one part.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The service, `box.cpu`, `box.disk`, or the class.
    pub part: String,
    /// The formula: `M/M/c`.
    pub method: &'static str,
    pub holds: Holds,
    /// What it assumes and why that is so or is not.
    pub because: String,
    /// Metrics and their values, in their units.
    pub figures: Vec<(String, f64)>,
}

/// How far a value is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// All that the formula assumes is so.
    Exactly,
    /// Something that it assumes is not quite so.
    Roughly,
    /// The truth is not above it where it is a throughput, not below it where it is a time.
    AsBound,
    /// There is nothing to say.
    Not,
}

/// What theory says of each part of the network.
pub fn beside(network: &Network, names: &Names) -> Vec<Told> {
    if let Some(why) = objection(network) {
        return vec![nothing(&names.model, why)];
    }
    let flows = match Flows::of(network, names) {
        Ok(flows) => flows,
        Err((class, why)) => return vec![nothing(&class, why)],
    };
    let waits = |it: &&crate::network::Class| matches!(it.arrival, Arrival::Closed { .. });
    let mut told = match network.classes.as_slice().iter().filter(waits).count() {
        0 => open::told(&flows),
        all if all == network.classes.len() => users::told(&flows),
        _ => vec![nothing(
            &names.model,
            "some requests wait for answers before the next, and others come whatever becomes of them",
        )],
    };
    if flows.classes.iter().any(|it| it.way.has_timeout) {
        told.iter_mut().for_each(as_if_nobody_gave_up);
    }
    told
}

/// No bound holds once work is given up.
fn as_if_nobody_gave_up(told: &mut Told) {
    if told.holds != Holds::Not {
        told.holds = Holds::Roughly;
        told.because += "; as if no timeout ended a call";
    }
}

/// Why nothing can be said of the network as a whole.
fn objection(network: &Network) -> Option<&'static str> {
    if !network.faults.is_empty() {
        return Some("something fails in it");
    }
    let services = network.services.as_slice();
    if !network.scalers.is_empty() || !network.provisioners.is_empty() {
        return Some("the number of instances changes");
    }
    if services
        .iter()
        .any(|it| it.careful.is_some() || it.health.is_some() || it.ejection.is_some())
    {
        return Some("instances are left out while they look ill, or chosen with care");
    }
    if services.iter().any(|it| it.replication.is_some()) {
        return Some("commits wait for standbys");
    }
    let hosts = network.hosts.as_slice();
    hosts.iter().any(|it| it.costly).then_some("cores lose time by switching or waking")
}

fn nothing(part: &str, why: &str) -> Told {
    Told {
        part: part.to_owned(),
        method: "none",
        holds: Holds::Not,
        because: why.to_owned(),
        figures: Vec::new(),
    }
}
