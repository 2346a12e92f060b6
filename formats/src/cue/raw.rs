//! The words of a cue sheet.

use floptical_model::{Control, SectorForm, TextKind, TrackMode};

/// The words for modes of tracks, and what a file keeps of their sectors.
pub(super) const MODES: [(&str, TrackMode, SectorForm); 10] = [
    ("AUDIO", TrackMode::Audio, SectorForm::Audio),
    ("CDG", TrackMode::Audio, SectorForm::AudioSub),
    ("MODE1/2048", TrackMode::Mode1, SectorForm::User),
    ("MODE1/2352", TrackMode::Mode1, SectorForm::Raw),
    ("MODE2/2048", TrackMode::Mode2, SectorForm::User),
    ("MODE2/2324", TrackMode::Mode2, SectorForm::Form2),
    ("MODE2/2336", TrackMode::Mode2, SectorForm::Mode2),
    ("MODE2/2352", TrackMode::Mode2, SectorForm::Raw),
    ("CDI/2336", TrackMode::CdI, SectorForm::Mode2),
    ("CDI/2352", TrackMode::CdI, SectorForm::Raw),
];

/// The word for a mode and a form; swapped samples are a word of the file.
pub(super) fn mode_word(mode: TrackMode, form: SectorForm) -> Option<&'static str> {
    let form = if form == SectorForm::AudioSwapped { SectorForm::Audio } else { form };
    MODES.iter().find(|(_, m, f)| (*m, *f) == (mode, form)).map(|(word, _, _)| *word)
}

/// The words for control bits.
pub(super) const FLAGS: [(&str, Control); 5] = [
    ("PRE", Control::PRE_EMPHASIS),
    ("DCP", Control::COPY),
    ("DATA", Control::DATA),
    ("4CH", Control::FOUR_CHANNELS),
    ("SCMS", Control::SCMS),
];

/// The commands with text for a player.
pub(super) const TEXTS: [(&str, TextKind); 8] = [
    ("TITLE", TextKind::Title),
    ("PERFORMER", TextKind::Performer),
    ("SONGWRITER", TextKind::Songwriter),
    ("COMPOSER", TextKind::Composer),
    ("ARRANGER", TextKind::Arranger),
    ("MESSAGE", TextKind::Message),
    ("DISC_ID", TextKind::DiscId),
    ("GENRE", TextKind::Genre),
];

/// How the bytes of a file are to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Sectors, samples with the low byte first.
    Binary,
    /// Sectors, samples with the high byte first.
    Motorola,
    /// RIFF WAVE.
    Wave,
}

/// The words for kinds of files.
pub(super) const KINDS: [(&str, FileKind); 3] =
    [("BINARY", FileKind::Binary), ("MOTOROLA", FileKind::Motorola), ("WAVE", FileKind::Wave)];

/// Kinds of files that are known and not decoded.
pub(super) const NOT_DECODED: [&str; 5] = ["MP3", "AIFF", "FLAC", "OGG", "APE"];

/// The entry of a table for a word, whatever the case of its letters.
pub(super) fn find<'a, T>(table: &'a [T], word: &[u8], of: impl Fn(&T) -> &'static str) -> Option<&'a T> {
    table.iter().find(|row| of(row).as_bytes().eq_ignore_ascii_case(word))
}
