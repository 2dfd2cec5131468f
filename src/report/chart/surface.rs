//! A metric over two factors that were varied in full: a cell for each pair of levels, the darker the worse.

use super::colour::{FAILED, INK, RULE, SHADE, SOFT, heat, on_heat};
use super::font;
use super::lines::file_name;
use super::panel::{self, LABEL, MARGIN, Panel, SMALL, WIDTH};
use super::sheet::{Anchor, Chart, Letters, Place, SOLID};
use crate::outcome::{Estimate, Kept, Outcome, Point, Unit, is_lower_bound, level_number};
use crate::report::figure::Figure;
use crate::report::{confidence, distinct, figure, replications};

const CELL_HEIGHT: f64 = 42.0;
const CELL_WIDTH_MAX: f64 = 104.0;
/// Between lines of a hatched cell.
const HATCH: f64 = 7.0;
/// From this ratio of largest to smallest on colours are those of logarithms.
const LOG_FROM: f64 = 20.0;
const TOP: f64 = 100.0;
const ABOVE: f64 = 44.0;
const BELOW: f64 = 62.0;
/// More metrics than these are not drawn unless they are asked for.
const CHARTS_MAX: usize = 4;

/// A chart for each metric that was asked for, or else for each that an objective bounds.
pub fn charts(outcome: &Outcome) -> Vec<Chart> {
    let Some(grid) = Grid::of(outcome) else { return Vec::new() };
    metrics(outcome, &grid).iter().filter_map(|it| chart(outcome, &grid, it)).collect()
}

fn metrics(outcome: &Outcome, grid: &Grid) -> Vec<String> {
    if !outcome.surface.is_empty() {
        return outcome.surface.clone();
    }
    let objectives = outcome.models.values().flat_map(|it| it.objectives.keys());
    let mut metrics =
        distinct(objectives.map(String::as_str)).into_iter().map(metric_of).collect::<Vec<_>>();
    if metrics.is_empty() {
        let points = grid.panels.iter().flat_map(|it| &it.points);
        let classes = distinct(points.flat_map(|it| it.classes()));
        metrics.extend(classes.iter().map(|it| format!("{it}.response.p95")));
    }
    metrics.truncate(CHARTS_MAX);
    metrics
}

/// The metric that an objective bounds: `page.response.p95` of `page.p95`.
fn metric_of(objective: &str) -> String {
    match objective.rsplit_once('.') {
        Some((class, what)) if what != "availability" => format!("{class}.response.{what}"),
        _ => objective.to_owned(),
    }
}

/// Two factors with numbers as levels, of which every pair was simulated.
struct Grid<'a> {
    across: Axis,
    up: Axis,
    panels: Vec<Of<'a>>,
    /// The day, where several were sampled: the last.
    day: Option<f64>,
}

struct Axis {
    path: String,
    unit: String,
    levels: Vec<f64>,
}

/// The points of one model.
struct Of<'a> {
    model: &'a str,
    points: Vec<&'a Point>,
}

impl<'a> Grid<'a> {
    fn of(outcome: &'a Outcome) -> Option<Grid<'a>> {
        let ordinary = || outcome.points.iter().filter(|it| it.fault.is_none());
        // The last sampled day, or all of a whole story.
        let is_whole = ordinary().any(|it| it.day.is_none());
        let day = ordinary().filter_map(|it| it.day).reduce(f64::max).filter(|_| !is_whole);
        let mut panels: Vec<Of> = Vec::new();
        for point in ordinary().filter(|it| it.day == day) {
            match panels.iter_mut().find(|it| it.model == point.model) {
                Some(panel) => panel.points.push(point),
                None => panels.push(Of { model: &point.model, points: vec![point] }),
            }
        }
        let all = || panels.iter().flat_map(|it| &it.points);
        let paths = distinct(all().flat_map(|it| it.factors.keys()).map(String::as_str));
        let [up, across] = paths.as_slice() else { return None };
        let axis = |path: &str| Axis::of(path, all().copied());
        let (up, across) = (axis(up)?, axis(across)?);
        let cells = up.levels.len() * across.levels.len();
        let whole = panels.iter().all(|it| it.points.len() == cells);
        (whole && cells > 3).then_some(Grid { across, up, panels, day })
    }
}

impl Axis {
    fn of<'a>(path: &str, points: impl Iterator<Item = &'a Point>) -> Option<Axis> {
        let numbers: Option<Vec<(f64, &str)>> =
            points.map(|it| level_number(it.factors.get(path)?)).collect();
        let numbers = numbers?;
        let unit = numbers.first()?.1;
        let mut levels: Vec<f64> = numbers.iter().map(|it| it.0).collect();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        let of_one_unit = numbers.iter().all(|it| it.1 == unit);
        (of_one_unit && levels.len() > 1).then(|| Axis {
            path: path.to_owned(),
            unit: unit.to_owned(),
            levels,
        })
    }

    fn title(&self) -> String {
        match self.unit.trim() {
            "" => self.path.clone(),
            unit => format!("{}, in {unit}", self.path),
        }
    }

    fn short(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    fn place(&self, point: &Point) -> Option<usize> {
        let level = level_number(point.factors.get(&self.path)?)?.0;
        self.levels.iter().position(|it| *it == level)
    }
}

/// How values become colours and texts.
struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
    factor: f64,
    unit: &'static str,
    is_share: bool,
    /// Whether more is better, so that the darkest is the least.
    is_good: bool,
}

impl Scale {
    fn of(metric: &str, values: &[f64], unit: Option<Unit>) -> Scale {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let is_log = low > 0.0 && high / low > LOG_FROM;
        // Of a wide range the middle tells best which unit suits.
        let size = if is_log { (low * high).sqrt() } else { high.abs() };
        let is_share = unit == Some(Unit::Ratio);
        let (factor, unit) = figure::scale(unit, size);
        let good = ["availability", "goodput", "headroom", "completed"];
        let is_good = good.contains(&metric.rsplit('.').next().unwrap_or_default());
        Scale { low, high, is_log, factor, unit, is_share, is_good }
    }

    fn share(&self, value: f64) -> f64 {
        let share = match self.is_log {
            true => libm::log(value / self.low) / libm::log(self.high / self.low),
            false => (value - self.low) / (self.high - self.low),
        };
        if share.is_finite() { share } else { 0.5 }
    }

    /// How dark a share of the scale is.
    fn darkness(&self, share: f64) -> f64 {
        if self.is_good { 1.0 - share } else { share }
    }

    /// An estimate with as many digits as its half-width allows, in the unit of the scale.
    fn figure(&self, estimate: &Estimate) -> Figure {
        match self.is_share {
            true => figure::figure(estimate),
            false => figure::figure(&estimate.scaled(self.factor, Unit::Count)),
        }
    }

    fn at(&self, share: f64) -> f64 {
        match self.is_log {
            true => self.low * libm::exp(libm::log(self.high / self.low) * share),
            false => self.low + share * (self.high - self.low),
        }
    }

    fn text(&self, value: f64) -> String {
        let alone = Estimate::new(value * self.factor, None, 0.95, Unit::Count);
        figure::figure(&alone).value
    }
}

fn chart(outcome: &Outcome, grid: &Grid, metric: &str) -> Option<Chart> {
    let points = || grid.panels.iter().flat_map(|it| &it.points);
    let estimates: Vec<&Estimate> = points().filter_map(|it| known(it, metric)).collect();
    let values: Vec<f64> = estimates.iter().map(|it| it.value).collect();
    let scale = Scale::of(metric, &values, estimates.first()?.unit);
    let panel_height = grid.up.levels.len() as f64 * CELL_HEIGHT;
    let tall = ABOVE + panel_height + BELOW;
    let title = format!("{metric} by {} and {}", grid.up.short(), grid.across.short());
    let height = TOP + grid.panels.len() as f64 * tall;
    let mut chart = Chart::new(format!("surface-{}", file_name(metric)), title, WIDTH, height);
    let colours =
        if scale.is_log { " · colours logarithmic: equal steps are equal ratios" } else { "" };
    panel::head(&mut chart, &format!("{}{colours}", notes(grid, points().copied())));
    draw_key(&mut chart, &scale);
    let labels: Vec<String> = grid.up.levels.iter().map(|it| figure::exact(*it, None)).collect();
    let widest = labels.iter().map(|it| font::width(it, LABEL.size, false)).fold(0.0, f64::max);
    let left = MARGIN + widest + 14.0;
    let columns = grid.across.levels.len() as f64;
    let cell = ((WIDTH - MARGIN - left) / columns).min(CELL_WIDTH_MAX);
    draw_legend(&mut chart, outcome, grid, metric);
    for (i, of) in grid.panels.iter().enumerate() {
        let top = TOP + i as f64 * tall + ABOVE;
        let panel = Panel { left, top, right: left + cell * columns, bottom: top + panel_height };
        draw_axes(&mut chart, &panel, grid, (grid.panels.len() > 1).then_some(of.model));
        for point in &of.points {
            draw_cell(
                &mut chart,
                &panel,
                grid,
                point,
                metric,
                &scale,
                judged(outcome, point, metric),
            );
        }
    }
    Some(chart)
}

fn known<'p>(point: &'p Point, metric: &str) -> Option<&'p Estimate> {
    point.metric(metric).filter(|it| it.value.is_finite())
}

fn notes<'a>(grid: &Grid, points: impl Iterator<Item = &'a Point> + Clone) -> String {
    let day = grid.day.map(|it| format!("{}; ", figure::on_day(it))).unwrap_or_default();
    match replications(points.clone()).as_str() {
        "1" => format!("{day}one run of each"),
        several => {
            format!("{day}means of {several} replications, ± is {} confidence", confidence(points))
        }
    }
}

/// Whether the objective on a metric is kept at a point, if there is one.
fn judged(outcome: &Outcome, point: &Point, metric: &str) -> Option<Kept> {
    let summary = outcome.summary(&point.model, &point.factors)?;
    let (objective, bound) = summary.objectives.iter().find(|it| metric_of(it.0) == metric)?;
    Some(point.keeps(objective, *bound))
}

fn draw_cell(
    chart: &mut Chart,
    panel: &Panel,
    grid: &Grid,
    point: &Point,
    metric: &str,
    scale: &Scale,
    kept: Option<Kept>,
) {
    let (Some(column), Some(row)) = (grid.across.place(point), grid.up.place(point)) else {
        return;
    };
    let wide = panel.width() / grid.across.levels.len() as f64;
    let from = (panel.left + column as f64 * wide, panel.bottom - (row + 1) as f64 * CELL_HEIGHT);
    let inner = ((from.0 + 1.0, from.1 + 1.0), (from.0 + wide - 1.0, from.1 + CELL_HEIGHT - 1.0));
    let middle = from.0 + wide / 2.0;
    let Some(estimate) = known(point, metric) else {
        chart.rect(inner.0, inner.1, SHADE);
        if point.overloaded.is_some() {
            draw_hatch(chart, inner.0, inner.1);
        }
        return;
    };
    let dark = scale.darkness(scale.share(estimate.value));
    chart.rect(inner.0, inner.1, heat(dark));
    let colour = on_heat(dark);
    let Figure { value, sign, half_width, .. } = scale.figure(estimate);
    let half_width = format!("{}{half_width}", sign.trim_start());
    let fits = |text: &str, size| font::width(text, size, false) + 10.0 <= wide;
    if fits(&value, LABEL.size) {
        let is_told = !sign.is_empty() && fits(&half_width, SMALL.size);
        let baseline = from.1 + CELL_HEIGHT / 2.0 + if is_told { -2.0 } else { 4.5 };
        chart.text((middle, baseline), value, Letters { colour, ..LABEL }, Anchor::Middle);
        if is_told {
            let letters = Letters { colour, ..SMALL };
            chart.text((middle, baseline + 14.0), half_width, letters, Anchor::Middle);
        }
    }
    let corner = (inner.1.0 - 8.0, inner.0.1 + 8.0);
    match kept {
        Some(Kept::Fail) => chart.cross(corner, 3.2, colour),
        Some(Kept::CannotTell) => {
            let letters = Letters { colour, ..SMALL };
            chart.text((corner.0, corner.1 + 4.0), "?", letters, Anchor::Middle);
        }
        _ => {}
    }
    if point.overloaded.is_some() {
        draw_frame(chart, inner.0, inner.1);
    }
}

/// Slanted lines from edge to edge: here is no figure, since there is no steady state.
fn draw_hatch(chart: &mut Chart, from: Place, to: Place) {
    let (width, height) = (to.0 - from.0, to.1 - from.1);
    let mut along = HATCH;
    while along < width + height {
        // From the left or the bottom edge up to the top or the right one.
        let (start, end) = ((along - height).max(0.0), along.min(width));
        let low = (from.0 + start, from.1 + (along - start));
        let high = (from.0 + end, from.1 + (along - end));
        chart.path(&[low, high], 1.0, SOLID, RULE);
        along += HATCH;
    }
}

/// A thick edge: there is a figure, though something piles up.
fn draw_frame(chart: &mut Chart, from: Place, to: Place) {
    let corners = [from, (to.0, from.1), to, (from.0, to.1), from];
    chart.path(&corners, 2.0, SOLID, FAILED);
}

/// Levels on the left and below, what they are levels of, and the model where there are several.
fn draw_axes(chart: &mut Chart, panel: &Panel, grid: &Grid, model: Option<&str>) {
    let model = model.map(|it| format!("{it}: ")).unwrap_or_default();
    let title = Letters { colour: INK, bold: !model.is_empty(), ..SMALL };
    chart.text((MARGIN, panel.top - 12.0), model + &grid.up.title(), title, Anchor::Left);
    for (i, level) in grid.up.levels.iter().enumerate() {
        let middle = panel.bottom - (i as f64 + 0.5) * CELL_HEIGHT;
        let at = (panel.left - 8.0, middle + LABEL.size * font::CAP_HEIGHT / 2.0);
        chart.text(at, figure::exact(*level, None), LABEL, Anchor::Right);
    }
    let wide = panel.width() / grid.across.levels.len() as f64;
    let labels: Vec<String> =
        grid.across.levels.iter().map(|it| figure::exact(*it, None)).collect();
    let widest = labels.iter().map(|it| font::width(it, LABEL.size, false)).fold(0.0, f64::max);
    let every = ((widest + 8.0) / wide).ceil().max(1.0) as usize;
    for (i, label) in labels.iter().enumerate().step_by(every) {
        let at = (panel.left + (i as f64 + 0.5) * wide, panel.bottom + 17.0);
        chart.text(at, label, LABEL, Anchor::Middle);
    }
    let at = ((panel.left + panel.right) / 2.0, panel.bottom + 37.0);
    let across = grid.across.title();
    // A narrow panel has less room than a long path takes.
    let half = font::width(&across, SMALL.size, false) / 2.0;
    let at = (at.0.max(MARGIN + half), at.1);
    chart.text(at, across, Letters { colour: INK, ..SMALL }, Anchor::Middle);
}

/// Which colour is how much, at the top right.
fn draw_key(chart: &mut Chart, scale: &Scale) {
    let (right, y, step) = (WIDTH - MARGIN, 26.0, 20.0);
    let left = right - 10.0 * step;
    for i in 0..10 {
        let x = left + f64::from(i) * step;
        chart.rect((x, y), (x + step, y + 12.0), heat(scale.darkness((f64::from(i) + 0.5) / 10.0)));
    }
    for (share, anchor) in [(0.0, Anchor::Left), (0.5, Anchor::Middle), (1.0, Anchor::Right)] {
        let text = scale.text(scale.at(share)) + scale.unit;
        chart.text((left + share * 10.0 * step, y + 26.0), text, SMALL, anchor);
    }
}

/// What the marks in cells mean, as far as there are any.
fn draw_legend(chart: &mut Chart, outcome: &Outcome, grid: &Grid, metric: &str) {
    let points = || grid.panels.iter().flat_map(|it| &it.points);
    let kept = |kept| {
        points().any(|it| known(it, metric).is_some() && judged(outcome, it, metric) == Some(kept))
    };
    let without = |it: &&&Point| it.overloaded.is_some() && known(it, metric).is_none();
    let hatched = points().any(|it| without(&it));
    let framed = points().any(|it| it.overloaded.is_some() && known(it, metric).is_some());
    let y = TOP - 10.0;
    let mut x = MARGIN;
    let mut entry = |chart: &mut Chart, words: &str, draw: &dyn Fn(&mut Chart, Place)| {
        draw(chart, (x, y));
        chart.text((x + 30.0, y), words, Letters { colour: SOFT, ..LABEL }, Anchor::Left);
        x += 30.0 + font::width(words, LABEL.size, false) + 26.0;
    };
    if hatched {
        entry(chart, "overloaded: no steady state", &|chart, (x, y)| {
            chart.rect((x, y - 11.0), (x + 22.0, y + 2.0), SHADE);
            draw_hatch(chart, (x, y - 11.0), (x + 22.0, y + 2.0));
        });
    }
    if framed {
        entry(chart, "overloaded", &|chart, (x, y)| {
            draw_frame(chart, (x, y - 11.0), (x + 22.0, y + 2.0));
        });
    }
    if kept(Kept::Fail) {
        let words = bound(outcome, metric).map_or("missed".to_owned(), |it| format!("misses {it}"));
        entry(chart, &words, &|chart, (x, y)| chart.cross((x + 14.0, y - 4.0), 3.2, INK));
    }
    if kept(Kept::CannotTell) {
        entry(chart, "cannot tell", &|chart, (x, y)| {
            chart.text((x + 14.0, y), "?", LABEL, Anchor::Middle);
        });
    }
}

/// The objective on a metric, where all models have the same.
fn bound(outcome: &Outcome, metric: &str) -> Option<String> {
    let all = outcome.models.values().flat_map(|it| &it.objectives);
    let mut own = all.filter(|it| metric_of(it.0) == metric);
    let (objective, bound) = own.next()?;
    if own.any(|it| it.1 != bound) {
        return None;
    }
    let (sign, unit) = match is_lower_bound(objective) {
        true => ("≥", Unit::Ratio),
        false => ("≤", Unit::Seconds),
    };
    Some(format!("{sign} {}", figure::exact(*bound, Some(unit))))
}
