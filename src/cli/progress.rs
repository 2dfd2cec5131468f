//! How far the work has come, on standard error, if that is a terminal.

use crate::experiment::Progress;
use crate::report::figure::exact;
use crate::units::Span;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Mutex;

/// Work is counted in expected events; a bar has no need of more than so many steps.
const STEPS: u64 = 10_000;

pub struct Bar {
    bar: ProgressBar,
    /// How far a whole story has come, if one is under way.
    day: Mutex<String>,
}

impl Bar {
    pub fn new() -> Bar {
        // Draws nothing where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %  {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bar { bar, day: Mutex::default() }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn advance(&self, done: f64, total: f64) {
        self.bar.set_position((done / total * STEPS as f64) as u64);
        let rate = done / self.bar.elapsed().as_secs_f64().max(1e-3);
        let day = self.day.lock().map(|it| it.clone()).unwrap_or_default();
        self.bar.set_message(format!("{day}{:.1} M events/s", rate / 1e6));
    }

    fn reached(&self, at: Span, over: Span) {
        if let Ok(mut day) = self.day.lock() {
            *day = come_so_far(at, over);
        }
    }
}

/// `day 12.3 of 30, `.
fn come_so_far(at: Span, over: Span) -> String {
    let [at, over] = [at, over].map(|it| it.as_secs() / 86_400.0);
    // Short ones go by in less than a tenth of a day.
    let digits = if over < 2.0 { 2 } else { 1 };
    format!("day {at:.digits$} of {}, ", exact(over, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_story_tells_the_day_that_it_has_come_to() {
        let hours = |it: u64| Span::from_whole_secs(3600 * it);
        assert_eq!(come_so_far(hours(295), hours(720)), "day 12.3 of 30, ");
        assert_eq!(come_so_far(hours(6), hours(36)), "day 0.25 of 1.5, ");
    }
}
