//! Runs of a point, and what watches them.

use super::*;

/// Runs one replication of a point.
pub fn trial(point: &Point, design: &Design, plan: &Plan) -> Result<Trial, Failure> {
    watched(point, design, plan, None, false)
}

/// The same of a whole story, telling now and then how far it has come.
pub fn story(
    point: &Point,
    design: &Design,
    plan: &Plan,
    tell: &dyn Fn(Span),
) -> Result<Trial, Failure> {
    let mut run = Run::open(&point.network, plan, measure(point, plan, false));
    for piece in 1..PIECES {
        let at = Span::from_nanos(plan.window.nanos() / PIECES * piece);
        run.play_until(at)?;
        tell(at);
    }
    let (seen, usage) = run.close()?;
    Ok(read(point, design, plan, (&seen, &usage), false, 1.0))
}

/// How often a whole story tells how far it has come, and once at its end.
const PIECES: u64 = 1000;

/// The same, beginning with what an earlier run left.
pub fn trial_after(
    left: &Left,
    point: &Point,
    design: &Design,
    plan: &Plan,
) -> Result<Trial, Failure> {
    watched(point, design, plan, Some(left), false)
}

/// The same, watched slice by slice as a fault is.
pub fn pilot(point: &Point, design: &Design, plan: &Plan) -> Result<Trial, Failure> {
    watched(point, design, plan, None, true)
}

fn watched(
    point: &Point,
    design: &Design,
    plan: &Plan,
    left: Option<&Left>,
    is_pilot: bool,
) -> Result<Trial, Failure> {
    let begun = left.map(|it| it.into(point));
    let measure = measure(point, plan, is_pilot);
    let (seen, usage) = run(begun.as_ref().unwrap_or(&point.network), plan, measure)?;
    let staying = left.map_or(1.0, Left::staying);
    Ok(read(point, design, plan, (&seen, &usage), is_pilot, staying))
}

/// What watches a run.
fn measure(point: &Point, plan: &Plan, is_pilot: bool) -> Measure {
    let each = point.slices_each();
    let slices = (plan.window.nanos() / plan.slice.nanos()) as usize / each + 2;
    let mut measure = Measure::new(&point.network, slices);
    if point.fault.is_some() || is_pilot {
        measure.watch_course(&point.network, slices);
    }
    if point.is_whole_story() {
        let day = A_DAY.nanos() / plan.slice.nanos().max(1);
        measure.watch_days(&point.network, (day as usize / each).max(1));
        let slices = point.episodes.iter().map(|it| it.slices(point.slice));
        measure.watch_episodes(&point.network, slices, each, plan.window);
    }
    measure
}

/// What a run has yielded.
fn read(
    point: &Point,
    design: &Design,
    plan: &Plan,
    (seen, usage): (&Measure, &Usage),
    is_pilot: bool,
    staying: f64,
) -> Trial {
    let business = design.model.file.business.as_ref();
    let mirrored = plan.in_pairs && plan.replication % 2 == 1;
    let users = point.users.map(|it| it * staying);
    let (failing, window) = (point.fault.as_ref(), plan.window);
    Reading { point, failing, users, business, seen, usage, window, is_pilot, mirrored, staying }
        .trial()
}
