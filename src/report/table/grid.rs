//! A table whose figures stand under each other, as wide as the page at most.

use super::Look;
use crate::report::figure::Figure;
use comfy_table::{
    Attribute, Cell as Printed, Color, ContentArrangement, LineStyle, Table, TableStyle,
};

/// What a cell is about, told by colour as well where there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Bad,
    Unsure,
}

#[derive(Clone, Debug, Default)]
pub struct Cell {
    text: Text,
    tone: Tone,
}

#[derive(Clone, Debug)]
enum Text {
    Words(String),
    /// A figure and a mark that stands in a place of its own behind it.
    Figure(Figure, &'static str),
}

impl Default for Text {
    fn default() -> Self {
        Text::Words(String::new())
    }
}

impl Cell {
    pub fn words(text: impl Into<String>) -> Self {
        Cell { text: Text::Words(text.into()), tone: Tone::Plain }
    }
    pub fn figure(figure: Figure) -> Self {
        Cell { text: Text::Figure(figure, ""), tone: Tone::Plain }
    }
    pub fn marked(figure: Figure, mark: &'static str) -> Self {
        Cell { text: Text::Figure(figure, mark), tone: Tone::Plain }
    }
    pub fn tone(self, tone: Tone) -> Self {
        Cell { tone, ..self }
    }
    fn is_empty(&self) -> bool {
        matches!(&self.text, Text::Words(text) if text.is_empty())
    }
}

/// Rows under headings; the first `keys` columns say what a row is about.
///
/// When it is wider than the page the other columns are dealt out to several tables, each with the
/// keys in front.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    pub keys: usize,
    pub heads: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// Blanks between columns; one of them stands for the line that is not drawn there.
const GAP: usize = 2;

impl Grid {
    pub fn new<S: Into<String>>(keys: usize, heads: impl IntoIterator<Item = S>) -> Self {
        Grid { keys, heads: heads.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Leaves out columns (keys too) in which no row has anything.
    pub fn without_empty_columns(mut self) -> Self {
        for column in (0..self.heads.len()).rev() {
            if self.rows.iter().all(|row| row[column].is_empty()) {
                self.remove(column);
            }
        }
        self
    }

    /// Without the column of that heading, where with it the table would be wider than the page.
    pub fn if_it_fits(self, head: &str, look: &Look) -> Self {
        if self.fits(look) { self } else { self.without(&head.to_owned()) }
    }

    /// Whether it is no wider than the page.
    pub fn fits(&self, look: &Look) -> bool {
        let filled = self.clone().without_empty_columns();
        let wide: usize =
            (0..filled.heads.len()).map(|it| filled.wide(it, &filled.column(it))).sum();
        wide <= look.width + GAP
    }

    /// Without the column of that heading.
    pub fn without(mut self, head: &String) -> Self {
        if let Some(column) = self.heads.iter().position(|it| it == head) {
            self.remove(column);
        }
        self
    }

    pub fn has(&self, head: &str) -> bool {
        self.heads.iter().any(|it| it == head)
    }

    fn remove(&mut self, column: usize) {
        self.heads.remove(column);
        self.rows.iter_mut().for_each(|row| drop(row.remove(column)));
        self.keys -= usize::from(column < self.keys);
    }

    /// Columns of the terminal that a column takes, with the gap behind it.
    fn wide(&self, column: usize, cells: &[String]) -> usize {
        cells.iter().map(|it| width(it)).max().unwrap_or(0).max(width(&self.heads[column])) + GAP
    }

    pub fn text(&self, look: &Look) -> String {
        let columns: Vec<Vec<String>> = (0..self.heads.len()).map(|it| self.column(it)).collect();
        let wide = |column: usize| self.wide(column, &columns[column]);
        let keys_wide: usize = (0..self.keys).map(wide).sum();
        let mut tables: Vec<Vec<usize>> = vec![Vec::new()];
        let mut used = keys_wide;
        for column in self.keys..self.heads.len() {
            let last = tables.last_mut().expect("never empty");
            if used + wide(column) > look.width + GAP && !last.is_empty() {
                tables.push(vec![column]);
                used = keys_wide + wide(column);
            } else {
                last.push(column);
                used += wide(column);
            }
        }
        let show = |shown: &Vec<usize>| {
            let shown: Vec<usize> = (0..self.keys).chain(shown.iter().copied()).collect();
            self.print(&columns, &shown, look)
        };
        tables.iter().map(show).collect::<Vec<_>>().join("\n")
    }

    fn print(&self, columns: &[Vec<String>], shown: &[usize], look: &Look) -> String {
        let mut table = Table::new();
        table
            .force_no_tty()
            .load_style(STYLE)
            .set_content_arrangement(ContentArrangement::Disabled);
        if look.colour {
            table.enforce_styling();
        }
        let head = |it: &usize| {
            let head = Printed::new(&self.heads[*it]);
            if look.colour { head.add_attribute(Attribute::Bold) } else { head }
        };
        table.set_header(shown.iter().map(head));
        for (i, row) in self.rows.iter().enumerate() {
            table.add_row(shown.iter().map(|it| painted(&columns[*it][i], row[*it].tone, look)));
        }
        for (i, column) in table.column_iter_mut().enumerate() {
            let is_last = i + 1 == shown.len();
            column.set_padding((0, if is_last { 0 } else { GAP as u16 - 1 }));
        }
        table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// The cells of a column as text of one width, `±` under `±`.
    fn column(&self, column: usize) -> Vec<String> {
        let cells: Vec<&Cell> = self.rows.iter().map(|row| &row[column]).collect();
        let figures = || {
            cells.iter().filter_map(|it| match &it.text {
                Text::Figure(figure, mark) => Some((figure, *mark)),
                Text::Words(_) => None,
            })
        };
        let widest = |part: &dyn Fn(&Figure, &str) -> usize| {
            figures().map(|(figure, mark)| part(figure, mark)).max().unwrap_or(0)
        };
        let value = widest(&|it, _| width(&it.value));
        let half = widest(&|it, _| width(&it.half_width));
        let unit = widest(&|it, _| width(&it.unit));
        let mark = widest(&|_, mark| width(mark));
        let aligned = |it: &&Cell| match &it.text {
            Text::Words(text) => text.clone(),
            Text::Figure(figure, its_mark) => {
                let mut text = left_padded(&figure.value, value);
                if half > 0 {
                    text.push_str(if figure.sign.is_empty() { "   " } else { figure.sign });
                    text.push_str(&right_padded(&figure.half_width, half));
                }
                text.push_str(&right_padded(&figure.unit, unit));
                if mark > 0 {
                    text.push(' ');
                    text.push_str(its_mark);
                }
                text
            }
        };
        cells.iter().map(aligned).collect()
    }
}

fn painted(text: &str, tone: Tone, look: &Look) -> Printed {
    let cell = Printed::new(text.trim_end());
    match tone {
        _ if !look.colour => cell,
        Tone::Plain => cell,
        Tone::Good => cell.fg(Color::Green),
        Tone::Bad => cell.fg(Color::Red),
        Tone::Unsure => cell.fg(Color::Yellow),
    }
}

/// Columns that a text takes on a terminal; everything written here is one column a character.
pub fn width(text: &str) -> usize {
    text.chars().count()
}

fn left_padded(text: &str, to: usize) -> String {
    format!("{text:>to$}")
}

fn right_padded(text: &str, to: usize) -> String {
    format!("{text:<to$}")
}
