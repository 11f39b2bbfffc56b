fn main() { println!("cargo::rustc-env=L2WITNESS_EBPF_OBJECT_PATH={}/../agent-ebpf/object/l2witness.bpf.o", std::env::var("CARGO_MANIFEST_DIR").unwrap()); }
