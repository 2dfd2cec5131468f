//! Points at which something fails.

use super::instants::instant;
use super::{FAULT_SLICE, Failing, Point, WARM_UP, arrivals, point, point_with, warm_up};
use crate::experiment::design::Design;
use crate::experiment::file::{Experiment, WarmUp};
use crate::ids::Id;
use crate::model::fails;
use crate::network::{Arrival, Names, Network};
use crate::parts::fault::{Fault, Surge};
use crate::problem::{Code, Findings, suggest};
use crate::units::{Span, Time};

/// How long a fault point runs before its fault begins.
pub(super) const LEAD: Span = Span::from_whole_secs(60);

/// A window from before the fault until things may be as before.
pub(super) fn fault_point(
    experiment: &Experiment,
    design: usize,
    of: &Design,
    number: usize,
    what: &str,
    case: &Fault,
) -> Point {
    let mut instant = instant(experiment, case.at);
    if experiment.growth.is_none() {
        (instant.users, instant.load) = (of.model.file.users, of.model.file.users);
    }
    let warm_up = match warm_up(experiment) {
        WarmUp::Fixed(span) => span,
        WarmUp::Auto(_) => WARM_UP,
    };
    // Whoever simulates one instant of a story counts from when the run begins.
    let at = warm_up + LEAD;
    let mut point = match case.surge {
        Some(factor) => {
            let mut point = point(experiment, design, of, &instant);
            surge(&mut point, case, factor, Time::ZERO + at);
            point
        }
        None => {
            let fault = Fault { at, ..case.clone() };
            point_with(experiment, design, of, &instant, Some(fault))
        }
    };
    let (duration, style) = (case.whole(), case.style_name());
    let (what, once_in) = (what.to_owned(), case.once_in);
    point.fault = Some(Failing { number, what, at: LEAD, duration, once_in, style });
    Point {
        warm_up: WarmUp::Fixed(warm_up),
        window: LEAD + case.whole() + experiment.aftermath,
        slice: FAULT_SLICE,
        ..point
    }
}

/// Multiplies the arrivals of the classes that surge.
pub(super) fn surge(point: &mut Point, fault: &Fault, factor: f64, at: Time) {
    let (hold, rise, decay) = (fault.length(), fault.rise, fault.decay);
    let surge = Surge { factor, at, hold, rise, decay };
    let Point { network, names, .. } = point;
    let classes = network.classes.iter_mut().map(|it| &mut it.arrival).zip(&names.classes);
    let sessions = network.sessions.iter_mut().map(|it| &mut it.arrival).zip(&names.sessions);
    for (arrival, name) in classes.chain(sessions) {
        if fault.of.as_ref().is_none_or(|it| it == name)
            && let Arrival::Open { rates } = arrival
        {
            *rates = surge.on(rates);
        }
    }
}

/// What fails, once for each zone if it may be any, with the fault that does it. What fails in two ways is
/// told apart by how.
pub(super) fn cases(
    experiment: &Experiment,
    fault: &Fault,
    design: &Design,
    built: &(Network, Names),
) -> Vec<(String, Fault)> {
    let mut cases = cases_of(fault, design, built);
    let same =
        |other: &Fault| other.what() == fault.what() && other.style_name() != fault.style_name();
    if experiment.faults.iter().any(same) {
        let style = fault.style_name();
        cases.iter_mut().for_each(|it| it.0.push_str(&format!(", {style}")));
    }
    cases
}

fn cases_of(fault: &Fault, design: &Design, built: &(Network, Names)) -> Vec<(String, Fault)> {
    let (network, names) = built;
    if let Some(factor) = fault.surge {
        let of = fault.of.as_ref().map(|it| format!(" of {it}")).unwrap_or_default();
        let what = format!("surge{of} to {factor} times");
        return if surges(fault, built) { vec![(what, fault.clone())] } else { Vec::new() };
    }
    let mut findings = Findings::default();
    fails(&design.model.file, fault, &mut findings);
    if !findings.is_empty() {
        return Vec::new();
    }
    if fault.zone.as_deref() != Some("any") {
        return vec![(fault.what(), fault.clone())];
    }
    let has_hosts =
        |zone: usize| network.hosts.ids().any(|it| network.hosts[it].zone.index() == zone);
    let zones = names.zones.iter().enumerate().filter(|(zone, _)| has_hosts(*zone));
    let each = zones.map(|(_, zone)| Fault { zone: Some(zone.clone()), ..fault.clone() });
    each.map(|it| (it.what(), it)).collect()
}

/// Whether all classes that are to surge can. Who names none means all that do not wait for answers;
/// bursts and gaps of another law have no one rate that could be multiplied.
fn surges(fault: &Fault, (network, names): &(Network, Names)) -> bool {
    let is_open = |arrival: &Arrival| matches!(arrival, Arrival::Open { .. });
    if let Some(of) = &fault.of {
        return arrivals(network, names).any(|(name, arrival)| name == of && is_open(arrival));
    }
    let mut all = arrivals(network, names)
        .map(|it| it.1)
        .filter(|it| !matches!(it, Arrival::Closed { .. } | Arrival::InSessions))
        .peekable();
    all.peek().is_some() && all.all(is_open)
}

pub(super) fn nothing_fails(
    fault: &Fault,
    design: &Design,
    (network, names): &(Network, Names),
    findings: &mut Findings,
) {
    let model = &names.model;
    let at_a_rate = |it: &Arrival| matches!(it, Arrival::Open { .. });
    if let Some(of) = &fault.of {
        let rule = format!("model \"{model}\" has no class \"{of}\" whose requests come at a rate");
        let known = arrivals(network, names).filter(|it| at_a_rate(it.1));
        let known = known.map(|it| it.0.as_str());
        return findings.wrong_at("of", Code::E008, rule, suggest(of, known));
    }
    if fault.surge.is_some() {
        let rule = format!(
            "some of the requests of model \"{model}\" do not come at a rate that could surge"
        );
        let mend = "name the class that surges: \"of\", one with a \"rate\" or \"per_user\"";
        return findings.wrong_at("surge", Code::E010, rule, mend);
    }
    fails(&design.model.file, fault, findings);
}
