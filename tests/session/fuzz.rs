//! The bodies of the fuzz targets, over the corpora that are kept and over bytes by chance.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;

use crate::bodies;
use proptest::prelude::*;

const DOCUMENT: &str = include_str!("../../PROTOCOL.md");

fn corpus(target: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fuzz", "corpus", target].iter().collect()
}

fn run(target: &str, body: impl Fn(&[u8])) {
    let mut count = 0;
    for seed in fs::read_dir(corpus(target)).unwrap() {
        let path = seed.unwrap().path();
        println!("{}", path.display());
        body(&fs::read(path).unwrap());
        count += 1;
    }
    assert!(count >= 15, "{target} has {count} seeds");
}

/// The frames that PROTOCOL.md shows, and whether the client sent them.
fn documented() -> Vec<(bool, Vec<u8>)> {
    let life = DOCUMENT.split("\n## 13. ").nth(1).unwrap();
    let senders = life.lines().filter(|line| line.starts_with("**")).map(|line| line.contains(". Client** "));
    let dumps = life.split("\n```text\n").skip(1).map(|block| block.split("```").next().unwrap());
    senders.zip(dumps.map(bodies::bytes)).collect()
}

#[test]
fn the_corpus_of_the_decoder_is_read() {
    run("decoder", bodies::decoder);
}

#[test]
fn the_corpus_of_the_client_does_no_harm() {
    run("client", bodies::client);
}

#[test]
fn the_corpus_of_the_server_does_no_harm() {
    run("server", bodies::server);
}

#[test]
fn the_corpus_of_two_halves_loses_nothing_and_doubles_nothing() {
    let sum = Cell::new([0; 4]);
    run("halves", |bytes| {
        let tally = bodies::halves(bytes);
        let [delivered, in_doubt, not_sent, heard] = sum.get();
        sum.set([
            delivered + tally.delivered,
            in_doubt + tally.in_doubt,
            not_sent + tally.not_sent,
            heard + tally.heard,
        ]);
    });
    assert!(sum.get().iter().all(|count| *count > 0), "seeds in which nothing happens: {sum:?}");
}

#[test]
fn every_documented_frame_is_a_seed() {
    for (index, (_, frame)) in documented().iter().enumerate() {
        let seed = corpus("decoder").join(format!("documented-{:02}", index + 1));
        assert_eq!(
            fs::read(&seed).ok().as_ref(),
            Some(frame),
            "write_the_seeds_of_the_document writes it anew"
        );
    }
}

#[test]
#[ignore = "writes into fuzz/corpus; for when PROTOCOL.md has changed"]
fn write_the_seeds_of_the_document() {
    let documented = documented();
    let chunks = |client: bool, first: u8| {
        let frames = documented.iter().filter(|(from, _)| *from == client).map(|(_, frame)| frame);
        let mut seed = vec![first];
        for frame in frames.skip(usize::from(first & 1 == 0)) {
            seed.extend((frame.len() as u16).to_le_bytes());
            seed.extend(frame);
        }
        seed
    };
    let write = |target: &str, name: &str, seed: &[u8]| {
        fs::create_dir_all(corpus(target)).unwrap();
        fs::write(corpus(target).join(name), seed).unwrap();
    };
    for (index, (_, frame)) in documented.iter().enumerate() {
        write("decoder", &format!("documented-{:02}", index + 1), frame);
    }
    for first in 0..4 {
        write("client", &format!("documented-{first}"), &chunks(false, first));
        write("server", &format!("documented-{first}"), &chunks(true, first));
    }
}

proptest! {
    #[test]
    fn bytes_by_chance_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        bodies::decoder(&bytes);
        bodies::client(&bytes);
        bodies::server(&bytes);
        bodies::halves(&bytes);
    }
}
