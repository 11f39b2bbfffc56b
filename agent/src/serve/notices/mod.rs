//! Verdicts that change, told as Kubernetes Events on the Service (opt-in).

mod ledger;
