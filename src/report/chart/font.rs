//! The font that charts are written in, and how wide a text is in it.

use ab_glyph::{Font, FontRef, GlyphId};
use std::sync::OnceLock;

/// How SVG is to call the font, with what to take where it is not installed.
pub const FAMILY: &str = "Inter, Helvetica, Arial, sans-serif";
/// The height of a lower-case x, by which SVG places a text, in ems.
pub const X_HEIGHT: f64 = 0.546;
/// The height of a capital or digit, in ems.
pub const CAP_HEIGHT: f64 = 0.727;

pub fn font(bold: bool) -> &'static FontRef<'static> {
    static REGULAR: OnceLock<FontRef<'static>> = OnceLock::new();
    static BOLD: OnceLock<FontRef<'static>> = OnceLock::new();
    let read = |bytes| FontRef::try_from_slice(bytes).expect("a font that the tests have read");
    match bold {
        false => REGULAR.get_or_init(|| read(include_bytes!("font/Inter-Regular.otf"))),
        true => BOLD.get_or_init(|| read(include_bytes!("font/Inter-SemiBold.otf"))),
    }
}

/// Each glyph of a text with its place in ems from the left.
pub fn glyphs(text: &str, bold: bool) -> impl Iterator<Item = (GlyphId, f64)> {
    let font = font(bold);
    let mut pen = 0.0;
    text.chars().map(move |it| {
        let glyph = font.glyph_id(it);
        let at = pen;
        pen += ems(font, font.h_advance_unscaled(glyph));
        (glyph, at)
    })
}

/// The width of a text whose em is `size`.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let font = font(bold);
    let advance = |it| f64::from(font.h_advance_unscaled(font.glyph_id(it)));
    let units: f64 = text.chars().map(advance).sum();
    size * units / units_per_em(font)
}

/// As much of `text` as fits into `room`, with an ellipsis where something is missing.
pub fn fitted(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut kept: String = text.to_owned();
    while !kept.is_empty() && width(&format!("{kept}…"), size, bold) > room {
        kept.pop();
    }
    format!("{}…", kept.trim_end())
}

fn ems(font: &FontRef, units: f32) -> f64 {
    f64::from(units) / units_per_em(font)
}

pub fn units_per_em(font: &FontRef) -> f64 {
    f64::from(font.units_per_em().unwrap_or(1000.0))
}
