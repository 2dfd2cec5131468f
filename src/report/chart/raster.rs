//! A backend that fills an image with smooth edges.
//!
//! The bitmap backend of `plotters` leaves edges jagged and sets letters without the space on
//! their left; this one computes the exact cover of every pixel, for letters as for lines.

use super::font;
use super::paint::{self, FINENESS, SIZE_PER_EM};
use super::sheet::Chart;
use ab_glyph::{Font, OutlineCurve};
use ab_glyph_rasterizer::{Point, Rasterizer, point};
use plotters::prelude::DrawingBackend;
use plotters::style::FontStyle;
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind,
};
use std::convert::Infallible;

/// Pixels for each unit of the sheet.
const PIXELS: f64 = 2.0;

pub struct Raster {
    width: usize,
    height: usize,
    /// Red, green and blue of each pixel, row by row.
    rgb: Vec<u8>,
}

pub fn png(chart: &Chart) -> Result<Vec<u8>, png::EncodingError> {
    let mut raster = Raster::new(chart.width, chart.height);
    let Ok(()) = paint::paint(chart, &mut raster) else { unreachable!("it never fails") };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, raster.width as u32, raster.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Flat colours compress best unfiltered: a third of the size of a filtered image.
    encoder.set_filter(png::FilterType::NoFilter);
    encoder.set_compression(png::Compression::Best);
    let per_metre = (96.0 * PIXELS / 0.0254) as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&raster.rgb)?;
    writer.finish()?;
    Ok(bytes)
}

impl Raster {
    fn new(width: f64, height: f64) -> Self {
        let (width, height) = ((width * PIXELS).ceil() as usize, (height * PIXELS).ceil() as usize);
        Raster { width, height, rgb: vec![255; width * height * 3] }
    }

    /// Puts a colour over a pixel, as far as it is covered.
    fn blend(&mut self, x: usize, y: usize, cover: f32, colour: BackendColor) {
        // Sixteen steps of smoothness look the same as all, and make the file a third smaller.
        let cover = if cover >= 1.0 { 1.0 } else { f64::from((cover * 16.0).round() / 16.0) };
        let share = (cover * colour.alpha).clamp(0.0, 1.0);
        let first = (y * self.width + x) * 3;
        let (r, g, b) = colour.rgb;
        let pixel = &mut self.rgb[first..first + 3];
        // Most of a filled area is neither an edge nor to be seen through.
        if share == 1.0 {
            return pixel.copy_from_slice(&[r, g, b]);
        }
        for (old, new) in pixel.iter_mut().zip([r, g, b]) {
            *old = (f64::from(*old) + (f64::from(new) - f64::from(*old)) * share + 0.5) as u8;
        }
    }

    /// Fills what directed pieces enclose: twice is once, and one turn against another is a hole.
    fn fill(&mut self, pieces: &[Piece], colour: BackendColor) {
        let (wide, high) = (self.width as f32, self.height as f32);
        let near = |it: Point| {
            point(it.x.clamp(-MARGIN, wide + MARGIN), it.y.clamp(-MARGIN, high + MARGIN))
        };
        let ends = || pieces.iter().flatten().map(|it| near(*it));
        let left = ends().map(|it| it.x).fold(f32::INFINITY, f32::min).floor();
        let top = ends().map(|it| it.y).fold(f32::INFINITY, f32::min).floor();
        let right = ends().map(|it| it.x).fold(f32::NEG_INFINITY, f32::max).ceil() + 1.0;
        let bottom = ends().map(|it| it.y).fold(f32::NEG_INFINITY, f32::max).ceil() + 1.0;
        if !(right > left && bottom > top) {
            return;
        }
        let mut cover = Rasterizer::new((right - left) as usize, (bottom - top) as usize);
        for [a, b] in pieces {
            let (a, b) = (near(*a), near(*b));
            cover.draw_line(point(a.x - left, a.y - top), point(b.x - left, b.y - top));
        }
        cover.for_each_pixel_2d(|x, y, share| {
            let (x, y) = (x as f32 + left, y as f32 + top);
            if share > 0.0 && x >= 0.0 && y >= 0.0 && x < wide && y < high {
                self.blend(x as usize, y as usize, share, colour);
            }
        });
    }
}

/// A straight piece of an outline, from and to.
type Piece = [Point; 2];
/// Pixels that an outline may reach beyond the image.
const MARGIN: f32 = 64.0;

/// The pieces of an outline that closes itself.
fn closed(corners: &[Point]) -> Vec<Piece> {
    let next = corners.iter().cycle().skip(1);
    corners.iter().zip(next).map(|(a, b)| [*a, *b]).collect()
}

fn pixel((x, y): BackendCoord) -> Point {
    let scale = PIXELS / FINENESS;
    point((f64::from(x) * scale) as f32, (f64::from(y) * scale) as f32)
}

/// The outlines of a stroke: a bar along each piece, a disc at each bend, all turning one way.
fn stroke(places: &[Point], width: f32) -> Vec<Piece> {
    let radius = width / 2.0;
    let mut outlines = Vec::new();
    for pair in places.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let along = point(b.x - a.x, b.y - a.y);
        let length = libm::hypotf(along.x, along.y);
        if length > 0.0 {
            let (dx, dy) = (-along.y / length * radius, along.x / length * radius);
            outlines.extend(closed(&[
                point(a.x + dx, a.y + dy),
                point(b.x + dx, b.y + dy),
                point(b.x - dx, b.y - dy),
                point(a.x - dx, a.y - dy),
            ]));
        }
    }
    let bends = places.len().saturating_sub(1);
    outlines.extend((1..bends).flat_map(|i| closed(&disc(places[i], radius))));
    outlines
}

fn disc(centre: Point, radius: f32) -> Vec<Point> {
    let corner = |i: u8| {
        let angle = -std::f64::consts::TAU * f64::from(i) / 16.0;
        let (sin, cos) = (libm::sin(angle) as f32, libm::cos(angle) as f32);
        point(centre.x + radius * cos, centre.y + radius * sin)
    };
    (0..16).map(corner).collect()
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Raster {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let fine = |pixels: usize| (pixels as f64 / PIXELS * FINENESS) as u32;
        (fine(self.width), fine(self.height))
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
        self.fill(&closed(&corners.map(pixel)), colour);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let places: Vec<Point> = path.into_iter().map(pixel).collect();
        let width = f64::from(style.stroke_width()) * PIXELS / FINENESS;
        self.fill(&stroke(&places, width as f32), style.color());
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let corners: Vec<Point> = corners.into_iter().map(pixel).collect();
        self.fill(&closed(&corners), style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        place: BackendCoord,
    ) -> Drawn {
        let bold = matches!(style.style(), FontStyle::Bold);
        let em = style.size() / SIZE_PER_EM * PIXELS / FINENESS;
        let width = font::width(text, em, bold);
        let anchor = style.anchor();
        let left = match anchor.h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        };
        // As the SVG backend places a text: dy in ems.
        let down = match anchor.v_pos {
            VPos::Top => 0.76,
            VPos::Center => font::X_HEIGHT / 2.0,
            VPos::Bottom => -font::X_HEIGHT / 2.0,
        };
        let origin = pixel(place);
        let (x, y) = (f64::from(origin.x) + left, f64::from(origin.y) + down * em);
        let font = font::font(bold);
        let scale = em / font::units_per_em(font);
        for (glyph, pen) in font::glyphs(text, bold) {
            let put = |it: Point| {
                point(
                    (x + pen * em + f64::from(it.x) * scale) as f32,
                    (y - f64::from(it.y) * scale) as f32,
                )
            };
            let curves = font.outline(glyph).map(|it| it.curves).unwrap_or_default();
            let pieces: Vec<Piece> =
                curves.iter().flat_map(flattened).map(|it| it.map(put)).collect();
            self.fill(&pieces, style.color());
        }
        Ok(())
    }
}

/// A curve of a letter as straight pieces.
fn flattened(curve: &OutlineCurve) -> Vec<Piece> {
    const PIECES: u8 = 8;
    let along = |place: &dyn Fn(f32) -> Point| {
        let places: Vec<Point> =
            (0..=PIECES).map(|i| place(f32::from(i) / f32::from(PIECES))).collect();
        places.windows(2).map(|it| [it[0], it[1]]).collect()
    };
    let mix = |a: Point, b: Point, t: f32| point(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t);
    match *curve {
        OutlineCurve::Line(a, b) => vec![[a, b]],
        OutlineCurve::Quad(a, b, c) => along(&|t| mix(mix(a, b, t), mix(b, c, t), t)),
        OutlineCurve::Cubic(a, b, c, d) => along(&|t| {
            let (ab, bc, cd) = (mix(a, b, t), mix(b, c, t), mix(c, d, t));
            mix(mix(ab, bc, t), mix(bc, cd, t), t)
        }),
    }
}
