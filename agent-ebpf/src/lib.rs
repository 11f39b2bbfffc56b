//! What the kernel programs and user space share: one frame parser and one set of types.
//!
//! The way of a frame: [`frame::parse`] says what it is, the programs (`main.rs`) count it into
//! the maps whose entries are laid out in [`layout`], and the agent reads those same types.

#![no_std]
#![expect(
    clippy::inline_always,
    reason = "the verifier sees no bounds check across a call, and a call costs a frame"
)]

pub mod frame;
pub mod layout;
