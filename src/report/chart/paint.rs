//! Puts the marks of a chart on a backend of `plotters`.

use super::colour::PAPER;
use super::font;
use super::sheet::{Anchor, Chart, Mark, Place};
use plotters::backend::SVGBackend;
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBAColor, ShapeStyle, TextStyle};
use plotters_backend::{BackendCoord, DrawingErrorKind};
use std::fmt::Write;

/// A backend's coordinates are whole numbers; so many of them make one unit of the sheet.
pub const FINENESS: f64 = 10.0;
/// `plotters` tells a font's size as 1.24 ems.
pub const SIZE_PER_EM: f64 = 1.24;

pub fn svg(chart: &Chart) -> String {
    let mut text = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut text, size(chart));
        paint(chart, &mut backend).expect("memory takes all");
        backend.present().expect("memory takes all");
    }
    // The backend's own head tells its fine coordinates as the size of the picture.
    let body = text.find('>').map_or("", |end| &text[end + 1..]);
    let mut head = String::new();
    let (width, height) = (chart.width, chart.height);
    let (fine_width, fine_height) = size(chart);
    let _ = write!(
        head,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {fine_width} {fine_height}\" role=\"img\" stroke-linejoin=\"round\">\n\
         <title>{}</title>",
        escaped(&chart.title)
    );
    head + body
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The sheet's size in fine coordinates.
pub fn size(chart: &Chart) -> (u32, u32) {
    (fine(chart.width) as u32, fine(chart.height) as u32)
}

fn fine(length: f64) -> i32 {
    (length * FINENESS).round() as i32
}

fn at(place: &Place) -> BackendCoord {
    (fine(place.0), fine(place.1))
}

pub fn paint<B: DrawingBackend>(
    chart: &Chart,
    backend: &mut B,
) -> Result<(), DrawingErrorKind<B::ErrorType>> {
    for mark in &chart.marks {
        match mark {
            Mark::Path { places, width, colour } => {
                let style = style(*colour, *width, false);
                backend.draw_path(places.iter().map(at), &style)?;
            }
            Mark::Area { places, colour } => {
                backend.fill_polygon(places.iter().map(at), &style(*colour, 0.0, true))?;
            }
            Mark::Text { .. } => paint_text(mark, backend)?,
        }
    }
    Ok(())
}

fn paint_text<B: DrawingBackend>(
    mark: &Mark,
    backend: &mut B,
) -> Result<(), DrawingErrorKind<B::ErrorType>> {
    let Mark::Text { at: place, text, size, bold, anchor, colour } = mark else { return Ok(()) };
    let weight = if *bold { FontStyle::Bold } else { FontStyle::Normal };
    let side = match anchor {
        Anchor::Left => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::Right => HPos::Right,
    };
    let opaque = if colour.alpha() == 0.0 { PAPER } else { *colour };
    let style: TextStyle =
        TextStyle::from((font::FAMILY, size * FINENESS * SIZE_PER_EM).into_font())
            .color(&opaque)
            .pos(Pos::new(side, VPos::Bottom));
    let style = TextStyle { font: style.font.style(weight), ..style };
    // A text at the bottom is lifted by half the height of an x above its baseline.
    let lifted = (place.0, place.1 + size * font::X_HEIGHT / 2.0);
    backend.draw_text(text, &style, at(&lifted))
}

fn style(colour: RGBAColor, width: f64, filled: bool) -> ShapeStyle {
    ShapeStyle { color: colour, filled, stroke_width: fine(width).max(1) as u32 }
}
