//! A panel of a chart: where it lies, its axes, its grid, and the head and legend of the sheet.

use super::axis::Axis;
use super::colour::{GRID, INK, RULE, SOFT};
use super::font;
use super::sheet::{Anchor, Chart, Dash, Letters, Place, SOLID};
use plotters::style::RGBAColor as Colour;

pub const WIDTH: f64 = 1000.0;
pub const LEFT: f64 = 78.0;
pub const RIGHT: f64 = 972.0;
/// Where the text of a sheet begins.
pub const MARGIN: f64 = 28.0;

const TITLE: Letters = Letters { size: 19.0, bold: true, colour: INK };
const SUBTITLE: Letters = Letters { size: 12.5, bold: false, colour: SOFT };
pub const LABEL: Letters = Letters { size: 12.5, bold: false, colour: INK };
pub const SMALL: Letters = Letters { size: 11.0, bold: false, colour: SOFT };

/// The part of a sheet where values are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Panel {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn x(&self, axis: &Axis, value: f64) -> f64 {
        self.left + axis.share(value) * self.width()
    }

    pub fn y(&self, axis: &Axis, value: f64) -> f64 {
        self.bottom - axis.share(value) * self.height()
    }

    /// What the values are, above the panel.
    pub fn draw_y_title(&self, chart: &mut Chart, title: &str) {
        chart.text((MARGIN, self.top - 12.0), title, SMALL, Anchor::Left);
    }

    /// Lines across at the ticks, their labels on the left.
    pub fn draw_y(&self, chart: &mut Chart, axis: &Axis) {
        for tick in axis.ticks(self.height(), |_| 26.0) {
            let y = self.y(axis, tick.value);
            chart.path(&[(self.left, y), (self.right, y)], 1.0, SOLID, GRID);
            let baseline = y + LABEL.size * font::CAP_HEIGHT / 2.0;
            chart.text((self.left - 9.0, baseline), &tick.label, LABEL, Anchor::Right);
        }
    }

    /// The line below with its ticks. Where a label has a second line, so has the title, and both
    /// stand on the left of theirs.
    pub fn draw_x(&self, chart: &mut Chart, axis: &Axis, title: &str) {
        chart.path(&[(self.left, self.bottom), (self.right, self.bottom)], 1.2, SOLID, RULE);
        let room = |label: &str| {
            lines(label).map(|it| font::width(it, LABEL.size, false)).fold(0.0, f64::max) + 12.0
        };
        let ticks = axis.ticks(self.width(), room);
        for tick in &ticks {
            let x = self.x(axis, tick.value);
            chart.path(&[(x, self.bottom), (x, self.bottom + 5.0)], 1.2, SOLID, RULE);
            for (i, line) in lines(&tick.label).enumerate() {
                let letters = if i == 0 { LABEL } else { SMALL };
                chart.text(
                    (x, self.bottom + 20.0 + 16.0 * i as f64),
                    line,
                    letters,
                    Anchor::Middle,
                );
            }
        }
        if title.contains('\n') {
            for (i, line) in lines(title).enumerate() {
                let y = self.bottom + 20.0 + 16.0 * i as f64;
                chart.text((self.left - 9.0, y), line, SMALL, Anchor::Right);
            }
        } else {
            let middle = (self.left + self.right) / 2.0;
            chart.text((middle, self.bottom + 42.0), title, SMALL, Anchor::Middle);
        }
    }
}

fn lines(label: &str) -> impl Iterator<Item = &str> {
    label.split('\n')
}

/// The title of a sheet and what to know before reading it.
pub fn head(chart: &mut Chart, notes: &str) {
    let room = chart.width - 2.0 * MARGIN;
    let title = font::fitted(&chart.title, TITLE.size, true, room);
    chart.text((MARGIN, 37.0), title, TITLE, Anchor::Left);
    let notes = font::fitted(notes, SUBTITLE.size, false, room);
    chart.text((MARGIN, 58.0), notes, SUBTITLE, Anchor::Left);
}

/// What a sign in the legend looks like.
pub enum Sign {
    /// A line with a dot of the given shape.
    Dotted(usize),
    Line(Dash, f64),
    Cross,
}

/// Signs and their words from left to right, in as many rows as it takes; returns where they end.
pub fn legend(chart: &mut Chart, top: f64, entries: &[(Sign, Colour, String)]) -> f64 {
    let (mut x, mut y) = (MARGIN, top);
    for (sign, colour, text) in entries {
        let text = font::fitted(text, LABEL.size, false, 420.0);
        let wide = 34.0 + font::width(&text, LABEL.size, false);
        if x > MARGIN && x + wide > chart.width - MARGIN {
            (x, y) = (MARGIN, y + 20.0);
        }
        let middle = y - LABEL.size * font::CAP_HEIGHT / 2.0;
        let ends: [Place; 2] = [(x, middle), (x + 26.0, middle)];
        match sign {
            Sign::Dotted(shape) => {
                chart.path(&ends, 2.4, SOLID, *colour);
                chart.dot((x + 13.0, middle), 3.4, *shape, *colour);
            }
            Sign::Line(dash, width) => chart.path(&ends, *width, *dash, *colour),
            Sign::Cross => chart.cross((x + 13.0, middle), 4.5, *colour),
        }
        chart.text((x + 34.0, y), text, LABEL, Anchor::Left);
        x += wide + 24.0;
    }
    y
}
