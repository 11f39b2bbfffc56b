//! Timelines as one HTML file: nothing of it comes from elsewhere, nothing of it runs.

mod lanes;
mod marks;
mod page;
mod picture;
mod scale;

pub(in crate::cli) use page::page;

#[cfg(test)]
mod tests;
