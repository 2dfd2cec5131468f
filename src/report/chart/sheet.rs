//! What a chart consists of, before anyone knows whether it becomes SVG or PNG.

use super::colour::PAPER;
use super::font;
use plotters::style::RGBAColor as Colour;

/// A drawing, 96 units to the inch, the origin at the top left.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Fit for a file name: `response-generate`.
    pub name: String,
    /// What is shown, in words.
    pub title: String,
    pub width: f64,
    pub height: f64,
    pub marks: Vec<Mark>,
}

/// A place on the sheet: right, down.
pub type Place = (f64, f64);

#[derive(Clone, Debug)]
pub enum Mark {
    /// A line through places.
    Path { places: Vec<Place>, width: f64, colour: Colour },
    /// What the places enclose.
    Area { places: Vec<Place>, colour: Colour },
    /// A text; its place is where the anchor meets the baseline.
    Text { at: Place, text: String, size: f64, bold: bool, anchor: Anchor, colour: Colour },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anchor {
    Left,
    Middle,
    Right,
}

/// How a line is broken: lengths of stroke and gap; both zero for a line without gaps.
pub type Dash = (f64, f64);
pub const SOLID: Dash = (0.0, 0.0);
pub const DASHED: Dash = (7.0, 4.0);
pub const DOTTED: Dash = (1.6, 3.4);

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub struct Letters {
    pub size: f64,
    pub bold: bool,
    pub colour: Colour,
}

impl Chart {
    pub fn new(name: impl Into<String>, title: impl Into<String>, width: f64, height: f64) -> Self {
        let mut chart =
            Chart { name: name.into(), title: title.into(), width, height, marks: Vec::new() };
        chart.rect((0.0, 0.0), (width, height), PAPER);
        chart
    }

    pub fn path(&mut self, places: &[Place], width: f64, dash: Dash, colour: Colour) {
        let pieces = if dash == SOLID { vec![places.to_vec()] } else { broken(places, dash) };
        let pieces = pieces.into_iter().filter(|it| it.len() > 1);
        self.marks.extend(pieces.map(|places| Mark::Path { places, width, colour }));
    }

    pub fn area(&mut self, places: Vec<Place>, colour: Colour) {
        self.marks.push(Mark::Area { places, colour });
    }

    pub fn rect(&mut self, from: Place, to: Place, colour: Colour) {
        self.area(vec![from, (to.0, from.1), to, (from.0, to.1)], colour);
    }

    pub fn text(&mut self, at: Place, text: impl Into<String>, letters: Letters, anchor: Anchor) {
        let Letters { size, bold, colour } = letters;
        self.marks.push(Mark::Text { at, text: text.into(), size, bold, anchor, colour });
    }

    /// An open cross: here is no figure.
    pub fn cross(&mut self, (x, y): Place, radius: f64, colour: Colour) {
        for (from, to) in [((-1.0, -1.0), (1.0, 1.0)), ((-1.0, 1.0), (1.0, -1.0))] {
            let at = |(dx, dy): Place| (x + dx * radius, y + dy * radius);
            self.path(&[at(from), at(to)], 1.8, SOLID, colour);
        }
    }

    /// A dot whose shape tells the design as its colour does.
    pub fn dot(&mut self, (x, y): Place, radius: f64, shape: usize, colour: Colour) {
        let outline = |radius: f64| {
            let corner = |i: usize, corners: usize, turned: f64, radius: f64| {
                let angle = std::f64::consts::TAU * (i as f64 + turned) / corners as f64;
                (x + radius * libm::sin(angle), y - radius * libm::cos(angle))
            };
            let (corners, turned, larger) = match shape % 4 {
                0 => (24, 0.0, 1.0),
                1 => (4, 0.5, 1.25),
                2 => (3, 0.0, 1.35),
                _ => (4, 0.0, 1.3),
            };
            (0..corners).map(|i| corner(i, corners, turned, radius * larger)).collect::<Vec<_>>()
        };
        self.area(outline(radius + 1.2), PAPER);
        self.area(outline(radius), colour);
    }
}

impl Mark {
    /// The corners of the box around a text, its letters' height; nothing for other marks.
    pub fn text_box(&self) -> Option<(Place, Place)> {
        let Mark::Text { at, text, size, bold, anchor, .. } = self else { return None };
        let width = font::width(text, *size, *bold);
        let left = match anchor {
            Anchor::Left => at.0,
            Anchor::Middle => at.0 - width / 2.0,
            Anchor::Right => at.0 - width,
        };
        Some(((left, at.1 - size * font::CAP_HEIGHT), (left + width, at.1 + size * 0.2)))
    }
}

/// The strokes of a broken line; a stroke goes round corners.
fn broken(places: &[Place], (stroke, gap): Dash) -> Vec<Vec<Place>> {
    let mut strokes: Vec<Vec<Place>> = Vec::new();
    let mut is_drawn = true;
    let mut left = stroke;
    let mut current: Vec<Place> = places.first().copied().into_iter().collect();
    for pair in places.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = libm::hypot(to.0 - from.0, to.1 - from.1);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let part = done / length;
            let here = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
            if is_drawn {
                current.push(here);
                strokes.push(std::mem::take(&mut current));
            } else {
                current = vec![here];
            }
            is_drawn = !is_drawn;
            left = if is_drawn { stroke } else { gap };
        }
        left -= length - done;
        if is_drawn {
            current.push(to);
        }
    }
    if is_drawn {
        strokes.push(current);
    }
    strokes
}
