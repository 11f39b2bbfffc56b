//! Taking back what a scenario did.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::lab::until_every;

/// How long it is tried: the API server may be away for a moment.
const LIMIT: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_secs(2);

/// Takes something back when it is dropped, also by a panic.
#[must_use = "what it takes back would be taken back at once"]
pub struct Undo<'a> {
    what: String,
    action: Option<Box<dyn FnMut() -> Result<()> + 'a>>,
}

impl<'a> Undo<'a> {
    /// `what` says in an error what was to be done; the action is done again while it fails.
    pub fn new(what: impl Into<String>, action: impl FnMut() -> Result<()> + 'a) -> Self {
        Self { what: what.into(), action: Some(Box::new(action)) }
    }

    /// Takes it back now.
    ///
    /// # Errors
    ///
    /// As the action, half a minute later.
    pub fn now(mut self) -> Result<()> {
        self.run()
    }

    fn run(&mut self) -> Result<()> {
        let Some(mut action) = self.action.take() else { return Ok(()) };
        let mut failed = None;
        let done = until_every(INTERVAL, LIMIT, || {
            let Err(error) = action() else { return Ok(Some(())) };
            // Of several the first says why.
            failed.get_or_insert(error);
            Ok(None)
        });
        done.map_err(|error| failed.unwrap_or(error)).with_context(|| self.what.clone())
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

    use anyhow::anyhow;

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

        let mut failing = Some(anyhow!("away for a moment"));
        Undo::new("try again", || failing.take().map_or(Ok(()), Err)).now().unwrap();
    }
}
