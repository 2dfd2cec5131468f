//! What fails in a whole story, each as in a window of its own.

use super::*;

impl Reading<'_> {
    pub(super) fn episodes(&self) -> Vec<Trial> {
        let both = self.point.episodes.iter().zip(&self.seen.episodes);
        let each = both.map(|(of, seen)| {
            let seen = &seen.measured(self.network());
            let window = seen.slices.last().map_or(Span::ZERO, |it| it.at - seen.opened);
            let (failing, users) = (Some(&of.failing), Some(of.users));
            Reading { seen, window, failing, users, ..*self }.episode()
        });
        each.collect()
    }

    /// What is known of requests and of who is there. How busy devices were is only known of the whole.
    fn episode(&self) -> Trial {
        let mut figures = Figures::default();
        for class in self.network().classes.ids() {
            self.class(class, &mut figures);
        }
        let slices = self.slices();
        self.all_together(&slices, &mut figures);
        self.losses(&mut figures);
        self.turns(&mut figures);
        self.courses_of_failovers(&mut figures);
        Trial {
            mirrored: self.mirrored,
            figures: figures.0,
            slices,
            course: self.course(),
            ..Trial::default()
        }
    }
}
