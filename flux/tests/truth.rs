//! Captures of known content, where the corpus is present.

mod media;
#[path = "media/scp.rs"]
mod scp;

use floptical_flux::derive;
use floptical_model::{Context, Reading, Status, Track, TrackAt};

/// Right and wrong among the sectors that are given as good, and how many there
/// are altogether.
fn measure(
    name: &str,
    truth: &str,
    (heads, sectors, size, base): (u8, usize, usize, u8),
) -> Option<(usize, usize, usize)> {
    let (capture, truth) = (scp::corpus(name)?, scp::corpus(truth)?);
    let (mut right, mut wrong, mut total) = (0, 0, 0);
    for (number, flux) in scp::tracks(&capture) {
        let at = TrackAt::new(number / 2, number % 2);
        let track = usize::from(number / 2 * heads + number % 2);
        total += sectors;
        let derived = derive(&Track::of(Reading::Flux(flux)), at, &Context::default()).unwrap().unwrap();
        for slot in derived.sectors.slots.iter().filter(|s| s.status() == Status::Good) {
            let id = slot.chosen().sector_id().unwrap();
            let offset = (track * sectors + usize::from(id.r - base)) * size;
            let same = slot.chosen().data.bytes().is_some_and(|b| b[..] == truth[offset..][..size]);
            if same { right += 1 } else { wrong += 1 }
        }
    }
    Some((right, wrong, total))
}

#[test]
fn clean_captures_are_read_whole() {
    let disks = [
        ("ibm360.scp.gz", "ibm360.truth.img", (2, 9, 512, 1)),
        ("ibm720.scp.gz", "ibm720.truth.img", (2, 9, 512, 1)),
        ("ibm1440.scp.gz", "ibm1440.truth.img", (2, 18, 512, 1)),
        ("fm_dfs.scp.gz", "fm_dfs.truth.ssd", (1, 10, 256, 0)),
        ("amigadd.scp.gz", "amigadd.truth.adf", (2, 11, 512, 0)),
        ("mac400.scp.gz", "mac400.truth.img", (1, 12, 512, 0)),
        ("mac800.scp.gz", "mac800.truth.img", (2, 12, 512, 0)),
    ];
    for (capture, truth, shape) in disks {
        if let Some((right, wrong, total)) = measure(capture, truth, shape) {
            assert_eq!((right, wrong), (total, 0), "{capture}");
        }
    }
}

/// Floors, not goals: the higher rungs of the ladder are for these.
#[test]
fn noisy_captures_give_nothing_wrong() {
    for (capture, least) in
        [("noisy_ibm360_r1_s260.scp.gz", 20), ("noisy_ibm360_r3_s350.scp.gz", 0), ("noisy_ibm360_r3_all.scp.gz", 28)]
    {
        if let Some((right, wrong, total)) = measure(capture, "ibm360.truth.img", (2, 9, 512, 1)) {
            println!("{capture}: {right} of {total}");
            assert_eq!(wrong, 0, "{capture}");
            assert!(right >= least, "{capture}: {right}");
        }
    }
}
