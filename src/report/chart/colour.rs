//! Colours that stay apart for the colour-blind, and on paper.

use plotters::style::RGBAColor as Colour;

pub const INK: Colour = Colour(0x1f, 0x23, 0x28, 1.0);
pub const SOFT: Colour = Colour(0x5c, 0x64, 0x6d, 1.0);
pub const RULE: Colour = Colour(0x8b, 0x93, 0x9c, 1.0);
pub const GRID: Colour = Colour(0xe4, 0xe7, 0xea, 1.0);
/// Wide and faint, to lie behind a line.
pub const HALO: Colour = Colour(0xcf, 0xd5, 0xdb, 1.0);
pub const SHADE: Colour = Colour(0xf1, 0xf3, 0xf5, 1.0);
pub const PAPER: Colour = Colour(0xff, 0xff, 0xff, 1.0);
pub const ANSWERED: Colour = DESIGNS[0];
pub const FAILED: Colour = DESIGNS[1];

/// Okabe and Ito, "Color Universal Design", 2008, without yellow, which is too faint for a line.
pub const DESIGNS: [Colour; 7] = [
    Colour(0x00, 0x72, 0xb2, 1.0),
    Colour(0xd5, 0x5e, 0x00, 1.0),
    Colour(0x00, 0x9e, 0x73, 1.0),
    Colour(0xcc, 0x79, 0xa7, 1.0),
    Colour(0xe6, 0x9f, 0x00, 1.0),
    Colour(0x56, 0xb4, 0xe9, 1.0),
    Colour(0x44, 0x44, 0x44, 1.0),
];

/// ColorBrewer "OrRd" (Harrower and Brewer, The Cartographic Journal 40(1), 2003): ever darker.
const HEAT: [(u8, u8, u8); 9] = [
    (0xff, 0xf7, 0xec),
    (0xfe, 0xe8, 0xc8),
    (0xfd, 0xd4, 0x9e),
    (0xfd, 0xbb, 0x84),
    (0xfc, 0x8d, 0x59),
    (0xef, 0x65, 0x48),
    (0xd7, 0x30, 0x1f),
    (0xb3, 0x00, 0x00),
    (0x7f, 0x00, 0x00),
];

/// The colour of a share between 0 and 1.
pub fn heat(share: f64) -> Colour {
    let place = share.clamp(0.0, 1.0) * (HEAT.len() - 1) as f64;
    let low = (place as usize).min(HEAT.len() - 2);
    let part = place - low as f64;
    let between =
        |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
    let (a, b) = (HEAT[low], HEAT[low + 1]);
    Colour(between(a.0, b.0), between(a.1, b.1), between(a.2, b.2), 1.0)
}

/// What can be read on that colour.
pub fn on_heat(share: f64) -> Colour {
    if share > 0.7 { PAPER } else { INK }
}
