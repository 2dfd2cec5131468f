//! Points: what is simulated, each with its network, and how long.

use super::design::Design;
use super::file::{At, Experiment, Hour, Story, WarmUp};
use crate::ids::Id;
use crate::model::{Recorded, compile, fails};
use crate::network::{Arrival, Names, Network, Session};
use crate::parts::fault::{Fault, Surge};
use crate::problem::{Code, Findings, suggest};
use crate::units::{Span, Time};

/// How long a fault point runs before its fault begins.
const LEAD: Span = Span::from_whole_secs(60);
/// The slices in which an outage is looked at.
const FAULT_SLICE: Span = Span::from_whole_secs(10);
/// Into how many slices any other window is cut.
const SLICES: u64 = 30;
/// How much of a run is discarded, of a fault point or in a search, if nothing is said.
const WARM_UP: Span = Span::from_whole_secs(60);

/// One combination of design, instant and fault.
pub struct Point {
    pub design: usize,
    /// The day of the story.
    pub day: Option<f64>,
    pub users: Option<f64>,
    pub fault: Option<Failing>,
    pub network: Network,
    pub names: Names,
    pub warm_up: WarmUp,
    pub window: Span,
    pub slice: Span,
    /// Whether it is a whole story, whose load is not the same all the time.
    pub full: bool,
}

/// What fails at a point, as the report says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    /// Which of the experiment's faults it is.
    pub number: usize,
    /// "zone a", "host rack.0".
    pub what: String,
    /// Since the window opened.
    pub at: Span,
    pub duration: Span,
    /// The mean time from one such fault to the next, if that is known.
    pub once_in: Option<Span>,
    /// `crash`, `silence` or `surge`.
    pub style: &'static str,
}

impl Point {
    /// What to call it in a message: "monolith, day 14, zone a".
    pub fn title(&self) -> String {
        let day = self.day.map(|day| format!(", day {day}"));
        let fault = self.fault.as_ref().map(|it| format!(", {}", it.what));
        self.names.model.clone() + &day.unwrap_or_default() + &fault.unwrap_or_default()
    }

    /// Whether any traffic comes at a rate.
    pub fn grows(&self) -> bool {
        let mut all = arrivals(&self.network, &self.names);
        all.any(|it| matches!(it.1, Arrival::Open { .. } | Arrival::Bursts { .. }))
    }

    /// How many events one run will take, roughly: as if every request ran all its steps and was
    /// answered at once.
    pub fn expected_events(&self) -> f64 {
        self.events_of(|_| true, Session::requests)
    }

    /// The same without users who wait for answers, as how often they ask hangs on how fast these
    /// come, and with the first requests of sessions alone: too little rather than too much.
    pub fn certain_events(&self) -> f64 {
        self.events_of(|arrival| !matches!(arrival, Arrival::Closed { .. }), |_| 1.0)
    }

    fn events_of(&self, counts: impl Fn(&Arrival) -> bool, asked: impl Fn(&Session) -> f64) -> f64 {
        let network = &self.network;
        let warm_up = match self.warm_up {
            WarmUp::Fixed(span) => span,
            WarmUp::Auto(_) => self.window,
        };
        let end_s = (self.window + warm_up).as_secs();
        let per_request = network.steps.len() as f64 / network.classes.len().max(1) as f64 / 2.0;
        let of_sessions = network.sessions.as_slice().iter().map(|it| (&it.arrival, asked(it)));
        let own = network
            .classes
            .as_slice()
            .iter()
            .map(|it| (&it.arrival, it.batch.as_ref().map_or(1.0, |batch| batch.roughly())));
        let requests = own.chain(of_sessions).filter(|it| counts(it.0)).map(|(arrival, each)| {
            each * match arrival {
                Arrival::InSessions => 0.0,
                Arrival::Instants { at } => at.partition_point(|it| it.as_secs() < end_s) as f64,
                Arrival::Closed { users, think } => {
                    f64::from(*users) * end_s / (think.mean_ns() / 1e9).max(1e-3)
                }
                Arrival::Bursts { phases } => {
                    let stays: f64 = phases.iter().map(|it| it.1.as_secs()).sum();
                    let requests: f64 = phases.iter().map(|it| it.0 * it.1.as_secs()).sum();
                    // Changes of phase are work too, though not much.
                    end_s * (requests + phases.len() as f64) / stays
                }
                Arrival::Renewal { gap } => end_s / (gap.mean_ns() / 1e9).max(1e-9),
                Arrival::Open { rates } => {
                    let ends =
                        rates.iter().skip(1).map(|it| it.0.as_secs().min(end_s)).chain([end_s]);
                    rates
                        .iter()
                        .zip(ends)
                        .map(|((at, rate), end)| rate * (end - at.as_secs()).max(0.0))
                        .sum()
                }
            }
        });
        requests.sum::<f64>() * per_request.max(2.0)
    }
}

/// The points of an experiment, design by design, day by day, faults after the days.
pub fn points(experiment: &Experiment, designs: &[Design], findings: &mut Findings) -> Vec<Point> {
    let mut points = Vec::new();
    if too_many(experiment, designs, findings) {
        return points;
    }
    for (i, design) in designs.iter().enumerate() {
        if experiment.growth.is_some() && !design.model.file.is_per_user() {
            let rule = format!("no traffic of model \"{}\" is given per user", design.name());
            let mend = "give its traffic as \"per_user\", so that more users make more of it";
            findings.wrong_at("growth", Code::E010, rule, mend);
            return points;
        }
        if let Some(story) = experiment.growth.as_ref().filter(|it| it.full) {
            points.extend(full_point(experiment, story, i, design, findings));
            continue;
        }
        for instant in instants(experiment, design) {
            points.push(point(experiment, i, design, &instant));
        }
        if experiment.faults.is_empty() {
            continue;
        }
        let built = &compile(&design.model.file, None, &Recorded::default());
        for (f, fault) in experiment.faults.iter().enumerate() {
            if fault.every.is_some() {
                findings.inside("faults", |it| {
                    it.inside(f, |it| fails(&design.model.file, fault, it));
                });
                continue;
            }
            let mut cases = cases(fault, design, built);
            // What fails in two ways is told apart by how.
            let same = |other: &Fault| {
                other.what() == fault.what() && other.style_name() != fault.style_name()
            };
            if experiment.faults.iter().any(same) {
                let style = fault.style_name();
                cases.iter_mut().for_each(|it| it.0.push_str(&format!(", {style}")));
            }
            for (what, case) in &cases {
                points.push(fault_point(experiment, i, design, f, what, case));
            }
            if cases.is_empty() {
                findings.inside("faults", |it| {
                    it.inside(f, |it| nothing_fails(fault, design, built, it))
                });
            }
        }
    }
    points
}

/// Points beyond which an experiment is refused: each has a network of its own.
const POINTS_MAX: u64 = 20_000;

fn too_many(experiment: &Experiment, designs: &[Design], findings: &mut Findings) -> bool {
    let samples = experiment.growth.as_ref();
    let instants = samples.map_or(0, |it| it.over.nanos() / it.sample.every.nanos()) + 1;
    let of = |design: &Design| {
        let zones = design.model.file.zones.len().max(1) as u64;
        instants.saturating_add(zones * experiment.faults.len() as u64)
    };
    let total = designs.iter().map(of).fold(0, u64::saturating_add);
    if total > POINTS_MAX {
        let rule = format!("{total} points; at most {POINTS_MAX} can be run");
        findings.wrong(Code::E012, rule, "sample less often, or vary less at a time");
    }
    total > POINTS_MAX
}

/// How much traffic there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// What is given per user is made by so many.
    Users(f64),
    /// Everything that comes at a rate comes so many times as often.
    Times(f64),
}

impl Load {
    /// The same kind of load, and as much of it as this.
    pub fn at(self, much: f64) -> Load {
        match self {
            Load::Users(_) => Load::Users(much),
            Load::Times(_) => Load::Times(much),
        }
    }
}

/// A design under any load, at the hour that the experiment looks at.
pub fn at_load(experiment: &Experiment, design: usize, of: &Design, load: Load) -> Point {
    let users = match load {
        Load::Users(users) => Some(users),
        Load::Times(_) => of.model.file.users,
    };
    let factor = experiment.growth.as_ref().map_or(1.0, hour_factor);
    let instant = Instant { day: None, users, load: users.map(|it| it * factor) };
    let mut point = point(experiment, design, of, &instant);
    if let Load::Times(times) = load {
        let Network { classes, sessions, .. } = &mut point.network;
        let own = classes.iter_mut().map(|it| &mut it.arrival);
        for arrival in own.chain(sessions.iter_mut().map(|it| &mut it.arrival)) {
            match arrival {
                Arrival::Open { rates } => rates.iter_mut().for_each(|it| it.1 *= times),
                Arrival::Bursts { phases } => phases.iter_mut().for_each(|it| it.0 *= times),
                Arrival::Renewal { .. }
                | Arrival::Instants { .. }
                | Arrival::Closed { .. }
                | Arrival::InSessions => {}
            }
        }
    }
    if let WarmUp::Auto(_) = point.warm_up {
        point.warm_up = WarmUp::Fixed(WARM_UP);
    }
    point
}

/// One sampled instant: its day, its users, and how many users' worth of traffic they make then.
struct Instant {
    day: Option<f64>,
    users: Option<f64>,
    load: Option<f64>,
}

fn instants(experiment: &Experiment, design: &Design) -> Vec<Instant> {
    let Some(story) = &experiment.growth else {
        let users = design.model.file.users;
        return vec![Instant { day: None, users, load: users }];
    };
    let samples = story.over.nanos() / story.sample.every.nanos();
    (0..=samples).map(|i| instant(experiment, story.sample.every * i)).collect()
}

fn instant(experiment: &Experiment, at: Span) -> Instant {
    let Some(story) = &experiment.growth else {
        return Instant { day: None, users: None, load: None };
    };
    // People come whole.
    let users = story.users.users_at(at, story.over).round();
    let factor = hour_factor(story);
    let day = at.as_secs() / 86_400.0;
    Instant { day: Some(day), users: Some(users), load: Some(users * factor) }
}

/// How much more traffic there is at the hour that is looked at than in the mean of the day.
fn hour_factor(story: &Story) -> f64 {
    match (&story.daily, story.sample.at) {
        (None, _) | (_, At::Hour(Hour::Mean)) => 1.0,
        (Some(daily), At::Hour(Hour::Peak)) => daily.peak_to_mean,
        (Some(daily), At::Time(time)) => daily.factor(time),
    }
}

/// The instant of a story on a day, or with so many users on no day in particular, at the hour that
/// its samples are taken at; nothing after the end of the story.
pub fn at_instant(
    experiment: &Experiment,
    design: usize,
    of: &Design,
    day: Option<f64>,
    users: Option<f64>,
) -> Option<Point> {
    let over = experiment.growth.as_ref()?.over;
    let instant = match (day, users) {
        (Some(day), _) if (0.0..=over.as_secs() / 86_400.0).contains(&day) => {
            instant(experiment, Span::from_secs(day * 86_400.0))
        }
        (None, Some(users)) if users >= 0.0 => {
            let factor = experiment.growth.as_ref().map_or(1.0, hour_factor);
            Instant { day: None, users: Some(users), load: Some(users * factor) }
        }
        _ => return None,
    };
    Some(point(experiment, design, of, &instant))
}

fn point(experiment: &Experiment, design: usize, of: &Design, instant: &Instant) -> Point {
    point_with(experiment, design, of, instant, None)
}

/// A point, with what the experiment has fail at random, and one more fault.
fn point_with(
    experiment: &Experiment,
    design: usize,
    of: &Design,
    instant: &Instant,
    fault: Option<Fault>,
) -> Point {
    let mut file = of.model.file.clone();
    file.faults.extend(experiment.faults.iter().filter(|it| it.every.is_some()).cloned());
    file.faults.extend(fault);
    let (network, names) = compile(&file, instant.load, &of.model.recorded);
    let story = experiment.growth.as_ref().map(|story| &story.sample);
    let window =
        story.map(|it| it.window).or(experiment.window).unwrap_or(Span::from_whole_secs(300));
    Point {
        design,
        day: instant.day,
        users: instant.users,
        fault: None,
        network,
        names,
        warm_up: warm_up(experiment),
        window,
        slice: slice_of(window),
        full: false,
    }
}

fn warm_up(experiment: &Experiment) -> WarmUp {
    let story = experiment.growth.as_ref().map(|story| &story.sample);
    story.map(|it| it.warm_up).or(experiment.warm_up).unwrap_or_default()
}

/// A window from before the fault until things may be as before.
fn fault_point(
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

/// Between two changes of a story's load, at least.
const STEP: Span = Span::from_whole_secs(300);
/// Steps in which the load of a story changes, and slices in which it is looked at, at most.
const STEPS_MAX: u64 = 50_000;

/// The whole of a story: its load follows growth and the hours of the day, step by step, and what
/// fails does so at its time.
fn full_point(
    experiment: &Experiment,
    story: &Story,
    design: usize,
    of: &Design,
    findings: &mut Findings,
) -> Option<Point> {
    let warm_up = match story.sample.warm_up {
        WarmUp::Fixed(span) => span,
        WarmUp::Auto(_) => WARM_UP,
    };
    let mut file = of.model.file.clone();
    let built = compile(&file, None, &Recorded::default());
    let mut surges = Vec::new();
    for (f, fault) in experiment.faults.iter().enumerate() {
        if fault.every.is_some() {
            file.faults.push(fault.clone());
            continue;
        }
        let cases = cases(fault, of, &built);
        let own = |it: &mut Findings, say: &dyn Fn(&mut Findings)| {
            it.inside("faults", |it| it.inside(f, |it| say(it)));
        };
        match cases.as_slice() {
            [] => own(findings, &|it| nothing_fails(fault, of, &built, it)),
            [(_, case)] if case.surge.is_some() => surges.push(case.clone()),
            [(_, case)] => file.faults.push(Fault { at: warm_up + case.at, ..case.clone() }),
            _ => own(findings, &|it| {
                let rule = "in a whole story things fail together, not in turn";
                it.wrong_at("zone", Code::E010, rule, "name the zone");
            }),
        }
    }
    let load = Course::of(story, warm_up);
    let (mut network, names) = compile(&file, Some(1.0), &of.model.recorded);
    for (class, name) in network.classes.iter_mut().zip(&names.classes) {
        if file.traffic[name].per_user.is_some() {
            load.shape(&mut class.arrival);
        }
    }
    for (session, name) in network.sessions.iter_mut().zip(&names.sessions) {
        if file.sessions[name].per_user.is_some() {
            load.shape(&mut session.arrival);
        }
    }
    let users = load.mean_users();
    network.users = Some(users);
    let slice = FAULT_SLICE.max(Span::from_nanos(story.over.nanos().div_ceil(STEPS_MAX)));
    let mut point = Point {
        design,
        day: None,
        users: Some(users),
        fault: None,
        network,
        names,
        warm_up: WarmUp::Fixed(warm_up),
        window: story.over,
        slice,
        full: true,
    };
    for case in &surges {
        let factor = case.surge.unwrap_or(1.0);
        surge(&mut point, case, factor, Time::ZERO + warm_up + case.at);
    }
    Some(point)
}

/// How a story's load goes, step by step.
struct Course {
    /// When each step begins, in the run; how many users there are on average over it, and how many
    /// users' worth of traffic they make.
    steps: Vec<(Time, f64, f64)>,
}

impl Course {
    fn of(story: &Story, warm_up: Span) -> Course {
        let step = STEP.max(Span::from_nanos(story.over.nanos().div_ceil(STEPS_MAX)));
        let profile = story.daily.as_ref().map(|it| it.profile());
        let count = story.over.nanos().div_ceil(step.nanos()).max(1);
        let steps = (0..count).map(|i| {
            let middle = step * i + Span::from_nanos(step.nanos() / 2);
            let users = story.users.users_at(middle.min(story.over), story.over);
            let hour = profile.map_or(1.0, |it| it.factor(middle));
            // What runs before the story has the load of its beginning.
            let begins = if i == 0 { Time::ZERO } else { Time::ZERO + warm_up + step * i };
            (begins, users, users * hour)
        });
        Course { steps: steps.collect() }
    }

    fn mean_users(&self) -> f64 {
        self.steps.iter().map(|it| it.1).sum::<f64>() / self.steps.len() as f64
    }

    /// Makes what one user does all the time of what they all do as time goes on.
    fn shape(&self, arrival: &mut Arrival) {
        if let Arrival::Open { rates } = arrival {
            let each = rates.first().map_or(0.0, |it| it.1);
            *rates = self.steps.iter().map(|(at, _, load)| (*at, each * load)).collect();
        }
    }
}

/// Multiplies the arrivals of the classes that surge.
fn surge(point: &mut Point, fault: &Fault, factor: f64, at: Time) {
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

/// How requests and sessions come, by name.
fn arrivals<'n>(
    network: &'n Network,
    names: &'n Names,
) -> impl Iterator<Item = (&'n String, &'n Arrival)> {
    let classes = network.classes.as_slice().iter().map(|it| &it.arrival);
    let sessions = network.sessions.as_slice().iter().map(|it| &it.arrival);
    names.classes.iter().zip(classes).chain(names.sessions.iter().zip(sessions))
}

/// The slices of an ordinary window: whole milliseconds, so that reports read well.
pub fn slice_of(window: Span) -> Span {
    const MILLISECOND: u64 = 1_000_000;
    let whole = (window.nanos() / SLICES).next_multiple_of(MILLISECOND);
    let shortest = (window.nanos() / SLICES).max(1);
    Span::from_nanos(if 0 < whole && whole < window.nanos() { whole } else { shortest })
}

/// What fails, once for each zone if it may be any, with the fault that does it.
fn cases(fault: &Fault, design: &Design, built: &(Network, Names)) -> Vec<(String, Fault)> {
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

fn nothing_fails(
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
