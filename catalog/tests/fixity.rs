//! Published vectors: the check value of CRC-32 ISO HDLC's catalogue, RFC 1321,
//! the examples of FIPS 180-4, and the test vectors of BLAKE3.

use std::sync::{Arc, Mutex};

use floptical_catalog::fixity::{ALGORITHMS, digest};
use floptical_io::Source;
use floptical_model::{Context, ErrorKind, Limits};

fn sums(bytes: &[u8]) -> Vec<String> {
    let digests = digest(&Source::from_bytes("a", bytes), &Context::default()).unwrap();
    assert_eq!(digests.len, bytes.len() as u64);
    ALGORITHMS.iter().map(|algorithm| (algorithm.hex)(&digests)).collect()
}

/// In the order of `ALGORITHMS`.
const VECTORS: [(&[u8], [&str; 6]); 2] = [
    (
        b"abc",
        [
            "352441c2",
            "900150983cd24fb0d6963f7d28e17f72",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
        ],
    ),
    (
        b"",
        [
            "00000000",
            "d41d8cd98f00b204e9800998ecf8427e",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
        ],
    ),
];

/// One million times the letter a, all but BLAKE3.
const MILLION: [&str; 5] = [
    "dc25bfbc",
    "7707d6ae4e027c70eea2a935c2296f21",
    "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
];

/// Of `length` bytes 0, 1, .. 250, 0, 1, ..
const BLAKE3: [(usize, &str); 3] = [
    (1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
    (1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"),
    (102_400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"),
];

#[test]
fn sums_are_those_of_the_published_vectors() {
    for (bytes, expected) in VECTORS {
        assert_eq!(sums(bytes), expected);
    }
    assert_eq!(sums(&vec![b'a'; 1_000_000])[..5], MILLION);
    for (len, expected) in BLAKE3 {
        let bytes: Vec<u8> = (0..=250).cycle().take(len).collect();
        assert_eq!(sums(&bytes)[5], expected);
    }
    assert_eq!(sums(b"123456789")[0], "cbf43926");
}

#[test]
fn a_sum_is_found_by_its_name_and_all_are_shown() {
    let digests = digest(&Source::from_bytes("a", &b"abc"[..]), &Context::default()).unwrap();
    assert_eq!(digests.hex("md5").as_deref(), Some("900150983cd24fb0d6963f7d28e17f72"));
    assert_eq!(digests.hex("md6"), None);
    assert!(digests.to_string().starts_with("crc32 352441c2\nmd5 900150983cd24fb0d6963f7d28e17f72\nsha1 "));
    assert_eq!(digests.to_string().lines().count(), ALGORITHMS.len());
}

#[test]
fn progress_is_told_and_a_failing_or_cancelled_read_is_an_error() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let context = Context::watched(Limits::default(), move |p| told.lock().unwrap().push((p.stage, p.done, p.total)));
    let source = Source::from_bytes("a", vec![7; 600_000]);
    digest(&source, &context).unwrap();
    assert_eq!(seen.lock().unwrap().last(), Some(&("digest", 600_000, 600_000)));
    assert!(seen.lock().unwrap().len() > 1);
    assert_eq!(digest(&source.failing_after(1), &context).unwrap_err().kind, ErrorKind::Io);
    context.cancel();
    assert_eq!(digest(&source, &context).unwrap_err().kind, ErrorKind::Cancelled);
}
