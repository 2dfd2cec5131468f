//! How far the work has come, on standard error, if that is a terminal.

use crate::experiment::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work is counted in expected events; a bar has no need of more than so many steps.
const STEPS: u64 = 10_000;

pub struct Bar(ProgressBar);

impl Bar {
    pub fn new() -> Bar {
        // Draws nothing where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %  {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bar(bar)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn advance(&self, done: f64, total: f64) {
        self.0.set_position((done / total * STEPS as f64) as u64);
        let rate = done / self.0.elapsed().as_secs_f64().max(1e-3);
        self.0.set_message(format!("{:.1} M events/s", rate / 1e6));
    }
}
