//! Pictures as files: what is in them, whoever made the words.

use floptical_model::Status;
use floptical_model::picture::{
    Bar, Floppy, Linear, Picture, Plot, Ring, Side, Slot, State, Stretch, Subject, Sweep, TURN,
};
use floptical_pictures::{png, svg};
use proptest::prelude::*;

fn picture(title: &str, subject: Subject) -> Picture {
    Picture { title: title.into(), lines: vec!["made".into()], subject, notes: vec!["a note".into()] }
}

/// A track of nine slots, one of each state that a slot can have and a good one.
fn ring(quarter: i16) -> Ring {
    let slot = |(i, status): (u32, Status)| Slot {
        number: Some(i as u8 + 1),
        sweep: Sweep { start: TURN / 9 * i, len: TURN / 10 },
        state: State::of(status, false),
        label: format!("{}.0.{} & more", quarter / 4, i + 1),
    };
    let states = Status::ALL.into_iter().chain([Status::Good]);
    Ring {
        quarter,
        width: 4,
        label: (quarter / 4).to_string(),
        slots: (0..).zip(states).map(slot).collect(),
        unclaimed: Vec::new(),
    }
}

fn floppy(sides: u8, tracks: i16) -> Subject {
    let side = |head| Side { head, rings: (0..tracks).map(|t| ring(t * 4)).collect() };
    Subject::Floppy(Floppy { first: 0, steps: 160, sides: (0..sides).map(side).collect() })
}

/// The pixels of a PNG.
fn pixels(bytes: &[u8]) -> image::RgbImage {
    image::load_from_memory(bytes).unwrap().into_rgb8()
}

#[test]
fn a_name_that_is_markup_stays_a_name() {
    let title = "<script>alert('\"&')</script>\u{1b}[2J";
    let text = svg(&picture(title, floppy(1, 1)));
    assert!(!text.contains("<script"), "{text}");
    assert!(text.contains("&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;\u{FFFD}[2J"), "{text}");
    assert!(text.contains("0.0.3 &amp; more"), "{text}");
    assert!(!text.contains("http://") || text.matches("http://").count() == 1, "only the name space");
}

#[test]
fn every_damaged_sector_has_its_word_and_good_ones_share_a_path() {
    let text = svg(&picture("disk", floppy(2, 40)));
    // Seven of the nine states ask to be looked at, in the disc and in the grid.
    assert_eq!(text.matches("</title></path>").count(), (2 * 40 * 6) * 2 + 6);
    let small = svg(&picture("disk", floppy(1, 1))).len();
    assert!(small < 12_000, "{small}");
}

#[test]
fn states_are_told_apart_by_pattern_too() {
    let text = svg(&picture("disk", floppy(1, 1)));
    let patterns: Vec<&str> = text.split("<pattern ").skip(1).filter_map(|p| p.split(" d=\"").nth(1)).collect();
    let patterns: Vec<&str> = patterns.into_iter().filter_map(|p| p.split('"').next()).collect();
    assert_eq!(patterns.len(), 6);
    let distinct: std::collections::BTreeSet<&str> = patterns.iter().copied().collect();
    assert_eq!(distinct.len(), patterns.len());
}

#[test]
fn a_png_is_a_thousand_pixels_wide_and_shows_the_colours() {
    let bytes = png(&picture("disk", floppy(2, 40))).unwrap();
    assert_eq!(bytes, png(&picture("disk", floppy(2, 40))).unwrap());
    let image = pixels(&bytes);
    assert_eq!(image.width(), 1000);
    assert!(image.height() < 1400, "{}", image.height());
    assert_eq!(image.get_pixel(0, 0).0, [255, 255, 255]);
    for (name, colour) in [("good", [0x00, 0x9E, 0x73]), ("bad", [0xD5, 0x5E, 0x00]), ("black", [0x1A, 0x1A, 0x1A])] {
        let count = image.pixels().filter(|p| p.0 == colour).count();
        assert!(count > 2000, "{name}: {count}");
    }
}

/// A disk of one side begins its first track at the top and goes clockwise.
#[test]
fn angles_go_clockwise_from_the_top() {
    let slot = Slot {
        number: Some(1),
        sweep: Sweep { start: 0, len: TURN / 4 },
        state: State::BadCheck,
        label: String::new(),
    };
    let ring = Ring { quarter: 0, width: 80, label: "0".into(), slots: vec![slot], unclaimed: Vec::new() };
    let side = Side { head: 0, rings: vec![ring] };
    let subject = Subject::Floppy(Floppy { first: 0, steps: 160, sides: vec![side] });
    let image = pixels(&png(&picture("disk", subject)).unwrap());
    let orange = |p: &image::Rgb<u8>| p.0 == [0xD5, 0x5E, 0x00];
    // The legend and the grid lie below the disc.
    let found = image.enumerate_pixels().filter(|(_, y, p)| *y < 530 && orange(p));
    let (mut left, mut top) = (u32::MAX, u32::MAX);
    let (mut right, mut bottom) = (0, 0);
    for (x, y, _) in found {
        (left, right, top, bottom) = (left.min(x), right.max(x), top.min(y), bottom.max(y));
    }
    assert!((500..506).contains(&left) && (700..730).contains(&right), "{left} to {right}");
    let middle = top + (right - left);
    assert!(bottom.abs_diff(middle) < 6, "{top} to {bottom}");
}

#[test]
fn a_linear_carrier_is_a_bar() {
    let stretch = |start, len, state| Stretch { start, len, state, name: "01".into(), label: "track <1>".into() };
    let stretches = vec![stretch(0, 500, State::Unverified), stretch(500, 500, State::Unread)];
    let linear = Linear { unit: "sector", len: 1000, bars: vec![Bar { label: "tracks".into(), stretches }] };
    let picture = picture("disc", Subject::Linear(linear));
    assert_eq!(picture.legend(), [(State::Unverified, 500), (State::Unread, 500)]);
    let text = svg(&picture);
    assert!(text.contains("M24 ") && text.contains("M500 ") && text.contains("track &lt;1&gt;"), "{text}");
    assert_eq!(pixels(&png(&picture).unwrap()).width(), 1000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever the values: a picture, of bounded size.
    #[test]
    fn no_picture_is_too_odd(
        title in ".{0,40}",
        first in any::<i16>(),
        steps in any::<u16>(),
        rings in prop::collection::vec((any::<i16>(), any::<u16>(), 0usize..40, any::<u32>(), any::<u32>()), 0..40),
        heads in 0u8..7,
        len in any::<u64>(),
    ) {
        let ring = |(quarter, width, count, start, sweep): &(i16, u16, usize, u32, u32)| Ring {
            quarter: *quarter,
            width: *width,
            label: quarter.to_string(),
            slots: vec![
                Slot {
                    number: None,
                    sweep: Sweep { start: *start, len: *sweep % (TURN + 1) },
                    state: State::Weak,
                    label: title.clone(),
                };
                *count
            ],
            unclaimed: vec![Sweep { start: *start, len: *sweep % (TURN + 1) }],
        };
        let side = |head| Side { head, rings: rings.iter().map(ring).collect() };
        let floppy = Floppy { first, steps, sides: (0..heads).map(side).collect() };
        let stretch = Stretch { start: len / 3, len, state: State::Audio, name: title.clone(), label: title.clone() };
        let bar = Bar { label: title.clone(), stretches: vec![stretch] };
        let linear = Linear { unit: "byte", len, bars: vec![bar] };
        for subject in [Subject::Floppy(floppy), Subject::Linear(linear)] {
            let picture = picture(&title, subject);
            let image = pixels(&png(&picture).unwrap());
            prop_assert!(image.width() == 1000 && image.height() < 4000);
            prop_assert!(svg(&picture).ends_with("</svg>\n"));
        }
    }
}

#[test]
fn intervals_lie_where_they_came_and_the_rare_ones_are_seen() {
    let mut columns = vec![vec![0u32; 128]; 4];
    columns[0][64] = 1000;
    columns[3][120] = 1;
    let plot = Plot {
        label: "side <0>".into(),
        across: "track",
        ticks: vec![(0, "0".into()), (3, "3".into())],
        step_ns: 80,
        columns,
        longer: 7,
    };
    let picture = picture("flux", Subject::Flux(vec![plot]));
    let text = svg(&picture);
    assert!(text.contains("side &lt;0&gt;") && text.contains("7 intervals are longer"), "{text}");
    let drawn = pixels(&png(&picture).unwrap());
    let found = |colour: [u8; 3]| {
        let places = drawn.enumerate_pixels().filter(|(_, _, pixel)| pixel.0 == colour);
        places.map(|(x, y, _)| (x, y)).collect::<Vec<_>>()
    };
    let (most, least) = (found([0x00, 0x2B, 0x4D]), found([0xC4, 0xE4, 0xF8]));
    assert!(!most.is_empty() && !least.is_empty());
    assert!(most.iter().all(|(x, _)| *x < 300) && least.iter().all(|(x, _)| (550..820).contains(x)));
    assert!(least.iter().all(|(_, y)| most.iter().all(|(_, other)| y < other)), "long intervals lie above");
}
