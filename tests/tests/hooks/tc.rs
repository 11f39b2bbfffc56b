//! iproute2's `tc` on a host's `eth0`.

use anyhow::{Context as _, Result, ensure};
use l2witness_tests::lab::Host;

/// Runs `tc` with these words; `!` stands for a space inside a word, as bytecode has it.
pub(crate) fn run(host: &Host, words: &str) -> Result<String> {
    let words_of_tc = words.split(' ').map(|word| word.replace('!', " "));
    let output = host.command("tc").args(words_of_tc).output().context("run tc: is iproute2 installed?")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "tc {words}: {stderr}");
    Ok(String::from_utf8(output.stdout)?)
}

/// The filters of one direction, in the order in which they are asked; none without a clsact qdisc.
pub(crate) fn filters(host: &Host, direction: &str) -> Result<String> {
    if run(host, "qdisc show dev eth0")?.contains("clsact") {
        run(host, &format!("filter show dev eth0 {direction}"))
    } else {
        Ok(String::new())
    }
}

/// How many filters of that name there are.
pub(crate) fn of_program(host: &Host, direction: &str, program: &str) -> Result<usize> {
    Ok(filters(host, direction)?.lines().filter(|line| line.contains(program)).count())
}

pub(crate) fn qdiscs(host: &Host) -> Result<String> {
    run(host, "qdisc show dev eth0")
}
