//! Taking back what a scenario did.

use std::fmt;

use anyhow::{Context as _, Result};

/// Takes something back when it is dropped, also by a panic.
#[must_use = "what it takes back would be taken back at once"]
pub struct Undo<'a> {
    what: String,
    action: Option<Box<dyn FnOnce() -> Result<()> + 'a>>,
}

impl<'a> Undo<'a> {
    /// `what` says in an error what was to be done.
    pub fn new(what: impl Into<String>, action: impl FnOnce() -> Result<()> + 'a) -> Self {
        Self { what: what.into(), action: Some(Box::new(action)) }
    }

    /// Takes it back now.
    ///
    /// # Errors
    ///
    /// As the action.
    pub fn now(mut self) -> Result<()> {
        self.run()
    }

    fn run(&mut self) -> Result<()> {
        let Some(action) = self.action.take() else { return Ok(()) };
        action().with_context(|| self.what.clone())
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.run() {
            eprintln!("{error:#}");
        }
    }
}

impl fmt::Debug for Undo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undo").field("what", &self.what).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn it_is_done_once_by_command_by_end_of_scope_or_by_panic() {
        let times = Cell::new(0);
        let undo = || {
            Undo::new("count", || {
                times.set(times.get() + 1);
                Ok(())
            })
        };

        undo().now().unwrap();
        assert_eq!(times.get(), 1);

        drop(undo());
        assert_eq!(times.get(), 2);

        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _undo = undo();
            panic!("as a scenario may");
        }));
        assert!(panicked.is_err());
        assert_eq!(times.get(), 3);
    }
}
