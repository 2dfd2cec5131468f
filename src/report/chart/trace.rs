//! One estimated quantity along a line of the story, and where it lies on a panel.

use super::axis::Axis;
use super::colour::{DESIGNS, PAPER};
use super::font;
use super::panel::{Panel, SMALL};
use super::sheet::{Anchor, Chart, Dash, Place, SOLID};
use super::story::Line;
use crate::outcome::Estimate;
use crate::report::figure;
use plotters::style::{Color, RGBAColor as Colour};

/// A place from left to right, and what was estimated there.
type Found<'a> = (f64, &'a Estimate);

pub struct Trace<'a> {
    /// Which line of the story it belongs to.
    pub line: usize,
    /// What is written beside its dots: `p95`.
    pub name: &'static str,
    pub dash: Dash,
    pub width: f64,
    /// How far it is drawn to the right of its place, so that bars of one design stand apart.
    pub aside: f64,
    /// Runs without a gap; where there is no steady state there is one.
    runs: Vec<Vec<Found<'a>>>,
}

/// A panel with its axes.
pub struct Plot {
    pub panel: Panel,
    pub x: Axis,
    pub y: Axis,
}

impl<'a> Trace<'a> {
    pub fn of(
        line: usize,
        from: &Line<'a>,
        metric: &str,
        (name, dash, width): (&'static str, Dash, f64),
    ) -> Self {
        let mut runs = vec![Vec::new()];
        for (x, point) in &from.points {
            match point.metric(metric).filter(|it| it.value.is_finite()) {
                Some(estimate) => runs.last_mut().expect("never empty").push((*x, estimate)),
                None => runs.push(Vec::new()),
            }
        }
        runs.retain(|it| !it.is_empty());
        Trace { line, name, dash, width, aside: 0.0, runs }
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// All values with the ends of their intervals.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        let ends = |it: &Estimate| {
            let (low, high) = it.ends().unwrap_or((it.value, it.value));
            // A very wide interval may leave the panel rather than squeeze all else.
            [it.value, low.max(it.value / 2.0), high.min(it.value * 2.0)]
        };
        self.runs.iter().flatten().flat_map(move |it| ends(it.1))
    }

    /// Whether it runs through the same values, to half a per cent.
    pub fn is_like(&self, other: &Trace) -> bool {
        let alike = |(a, b): (&Found, &Found)| {
            a.0 == b.0 && (a.1.value - b.1.value).abs() <= 0.005 * b.1.value.abs()
        };
        let (own, others) = (self.runs.iter().flatten(), other.runs.iter().flatten());
        own.clone().count() == others.clone().count() && own.zip(others).all(alike)
    }

    /// Whether dots are drawn on it: on the most important line, and where there is no line.
    fn has_dots(&self) -> bool {
        self.dash == SOLID || self.runs.iter().any(|it| it.len() == 1)
    }
}

impl Plot {
    /// Where an estimate of a trace lies, or an end of its interval: -1 for the lower, 1 for the
    /// upper.
    fn place(&self, trace: &Trace, it: &Found, end: f64) -> Place {
        let (low, high) = it.1.ends().unwrap_or((it.1.value, it.1.value));
        let value = match end {
            ..0.0 => low,
            0.0 => it.1.value,
            _ => high,
        };
        (self.panel.x(&self.x, it.0) + trace.aside, self.panel.y(&self.y, value))
    }

    /// The intervals of a trace: a band, or a bar where a point stands alone.
    pub fn draw_band(&self, chart: &mut Chart, trace: &Trace) {
        let colour = DESIGNS[trace.line];
        for run in &trace.runs {
            if let [alone] = run.as_slice() {
                let (low, high) = (self.place(trace, alone, -1.0), self.place(trace, alone, 1.0));
                for tip in [low, high].into_iter().filter(|_| alone.1.half_width.is_some()) {
                    chart.path(&[(tip.0 - 5.0, tip.1), (tip.0 + 5.0, tip.1)], 1.6, SOLID, colour);
                }
                chart.path(&[low, high], 1.6, SOLID, colour);
                continue;
            }
            let upper = run.iter().map(|it| self.place(trace, it, 1.0));
            let lower = run.iter().rev().map(|it| self.place(trace, it, -1.0));
            chart.area(upper.chain(lower).collect(), colour.mix(0.17));
        }
    }

    /// The estimates of a trace: a line with dots in the colour of its design.
    pub fn draw_line(&self, chart: &mut Chart, trace: &Trace) {
        let colour = DESIGNS[trace.line];
        self.draw_plain(chart, trace, colour);
        for found in trace.runs.iter().flatten().filter(|_| trace.has_dots()) {
            chart.dot(self.place(trace, found, 0.0), 3.2, trace.line, colour);
        }
    }

    /// A line without dots.
    pub fn draw_plain(&self, chart: &mut Chart, trace: &Trace, colour: Colour) {
        for run in &trace.runs {
            let places: Vec<Place> = run.iter().map(|it| self.place(trace, it, 0.0)).collect();
            chart.path(&places, trace.width, trace.dash, colour);
        }
    }

    /// Places along a trace and its band, so close to each other that no label fits between.
    pub fn taken(&self, trace: &Trace) -> Vec<Place> {
        let mut taken = Vec::new();
        for (run, end) in trace.runs.iter().flat_map(|it| [(it, -1.0), (it, 0.0), (it, 1.0)]) {
            taken.extend(run.first().map(|it| self.place(trace, it, end)));
            for pair in run.windows(2) {
                let (from, to) =
                    (self.place(trace, &pair[0], end), self.place(trace, &pair[1], end));
                let (right, down) = (to.0 - from.0, to.1 - from.1);
                let steps = (right.abs().max(down.abs()) / 5.0).ceil().max(1.0);
                let step = |i: f64| (from.0 + right * i / steps, from.1 + down * i / steps);
                taken.extend((1..=steps as usize).map(|i| step(i as f64)));
            }
        }
        taken
    }

    /// Writes on a line across the panel where nothing is in the way, if there is such a place,
    /// and takes it.
    pub fn label_across(&self, chart: &mut Chart, value: f64, text: &str, taken: &mut Vec<Place>) {
        let panel = &self.panel;
        let y = panel.y(&self.y, value);
        let width = font::width(text, SMALL.size, false);
        let room = panel.width() - width - 16.0;
        let lefts = || (0..=8).map(|i| panel.left + 8.0 + room * f64::from(i) / 8.0);
        let mut spots = lefts().map(|it| (it, y - 6.0)).chain(lefts().map(|it| (it, y + 15.0)));
        let is_free = |(left, baseline): &Place| {
            let near = |it: &Place| {
                (left - 6.0..=left + width + 6.0).contains(&it.0)
                    && (baseline - 14.0..=baseline + 7.0).contains(&it.1)
            };
            *baseline < panel.bottom && !taken.iter().any(near)
        };
        let spot = spots.find(is_free).unwrap_or_else(|| {
            let spot = (panel.left + 8.0, y - 6.0);
            let corner = (spot.0 + width + 4.0, spot.1 + 4.0);
            chart.rect((spot.0 - 4.0, spot.1 - 11.0), corner, PAPER.mix(0.85));
            spot
        });
        chart.text(spot, text, SMALL, Anchor::Left);
        taken.extend((0..=(width / 8.0) as usize).map(|i| (spot.0 + i as f64 * 8.0, spot.1 - 4.0)));
    }

    /// Says what each dot is, where lines do not tell it; of two in one place only the first.
    pub fn label_dots(&self, chart: &mut Chart, traces: &[Trace]) {
        let mut labelled: Vec<Place> = Vec::new();
        for trace in traces {
            for found in trace.runs.iter().flatten() {
                let (x, y) = self.place(trace, found, 0.0);
                let x = x - trace.aside;
                let is_near = |it: &Place| it.0 == x && (it.1 - y).abs() < 14.0;
                if labelled.iter().any(is_near) {
                    continue;
                }
                // The mark of runs that were too short is explained in tables only.
                let plain = Estimate { too_short: false, ..*found.1 };
                let text = format!("{} {}", trace.name, figure::figure(&plain));
                let end = x + 36.0 + font::width(&text, SMALL.size, false);
                match end > chart.width {
                    true => chart.text((x - 24.0, y + 4.0), text, SMALL, Anchor::Right),
                    false => chart.text((x + 24.0, y + 4.0), text, SMALL, Anchor::Left),
                }
                labelled.push((x, y));
            }
        }
    }
}
