//! Lines out of chunks, none longer than its bound.

use std::collections::VecDeque;

/// No event is nearly as long.
const LONGEST: usize = 64 << 10;

/// A line without its end was longer than any event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line has more than {} KiB", LONGEST >> 10)]
pub(super) struct TooLong;

/// What was read and not yet taken.
#[derive(Debug, Default)]
pub(super) struct Lines {
    whole: VecDeque<Vec<u8>>,
    begun: Vec<u8>,
}

impl Lines {
    /// Adds what was read.
    pub(super) fn push(&mut self, mut chunk: &[u8]) -> Result<(), TooLong> {
        while let Some(end) = chunk.iter().position(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(&chunk[..end]);
            self.whole.push_back(std::mem::take(&mut self.begun));
            chunk = &chunk[end + 1..];
        }
        if self.begun.len() + chunk.len() > LONGEST {
            return Err(TooLong);
        }
        self.begun.extend_from_slice(chunk);
        Ok(())
    }

    /// The next whole line.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        self.whole.pop_front()
    }

    /// Whether the last line had no end.
    pub(super) const fn is_cut(&self) -> bool {
        !self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let text = b"one\n\nthree and more\nnot yet".as_slice();
        for size in 1..text.len() {
            let mut lines = Lines::default();
            for chunk in text.chunks(size) {
                lines.push(chunk).unwrap();
            }
            let got: Vec<_> = std::iter::from_fn(|| lines.next()).collect();
            assert_eq!(got, [b"one".to_vec(), Vec::new(), b"three and more".to_vec()], "{size}");
            assert!(lines.is_cut());
        }
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let mut lines = Lines::default();
        let chunk = vec![b'x'; LONGEST];
        assert_eq!(lines.push(&chunk), Ok(()));
        assert_eq!(lines.push(b"x"), Err(TooLong));
    }
}
