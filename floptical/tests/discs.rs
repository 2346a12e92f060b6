//! Discs through the facade: namespaces, files as images, boot images as
//! floppies again.

use floptical::iso::Emulation;
use floptical::iso::author::{Author, Boot, Moment};
use floptical::model::{Context, Error};
use floptical::{Disk, OpenOptions, Opened, Target, compare, explain, open_bytes, volume_name, volumes};

/// Sectors that each say their number.
fn floppy() -> Vec<u8> {
    (0..2880u32).flat_map(|sector| sector.to_le_bytes().repeat(128)).collect()
}

fn disc(text: &[u8]) -> Vec<u8> {
    let then = Moment::utc(2001, 9, 9, 1, 46, 40);
    let mut disc = Author::new("DISC", then);
    disc.file("docs/A long name.text", text, then).unwrap();
    disc.file("boot/floppy.img", floppy(), then).unwrap();
    disc.boot(Boot::new("boot/floppy.img", Emulation::Floppy(1_474_560)));
    disc.to_bytes().unwrap()
}

fn open(bytes: &[u8], member: Option<&str>) -> Result<Opened, Error> {
    let options = OpenOptions { member: member.map(str::to_owned), ..OpenOptions::default() };
    open_bytes("disc.iso", bytes, &options, &Context::default())
}

fn derive(bytes: &[u8], member: Option<&str>) -> Disk {
    Disk::derive(open(bytes, member).unwrap().image, &Context::default()).unwrap()
}

#[test]
fn namespaces_stand_side_by_side() {
    let (mounted, findings) = volumes(&derive(&disc(b"text"), None), &Context::default()).unwrap();
    let names: Vec<String> = (0..mounted.len()).map(|i| volume_name(&mounted, i)).collect();
    assert_eq!(names, ["iso9660", "rockridge", "joliet", "el-torito"]);
    assert!(findings.is_empty());
    let name = |i: usize| mounted[i].volume.entries().last().unwrap().path.clone();
    assert_eq!([name(0), name(1)], ["DOCS/A_LONG_N.TEX", "docs/A long name.text"]);
}

#[test]
fn a_boot_image_is_a_floppy_again() {
    let bytes = disc(b"text");
    for member in ["1-x86-floppy-1.44M.img", "el-torito:1-x86-floppy-1.44M.img", "joliet:boot/floppy.img"] {
        let opened = open(&bytes, Some(member)).unwrap();
        assert_eq!((opened.image.format, opened.layers.as_slice()), ("raw", &["volume"][..]), "{member}");
        let disk = Disk::derive(opened.image, &Context::default()).unwrap();
        let sectors = disk.sectors();
        assert_eq!(sectors.len(), 2880);
        let data: Vec<u8> = sectors.iter().flat_map(|s| s.data.as_deref().unwrap_or_default().to_vec()).collect();
        assert!(data == floppy(), "{member}");
    }
    let error = open(&bytes, Some("no such file")).unwrap_err();
    assert!(error.what.contains("no such file"), "{error}");
}

#[test]
fn a_comparison_names_the_file_in_each_namespace() {
    let (a, b) = (derive(&disc(b"text"), None), derive(&disc(b"tent"), None));
    let files: Vec<String> = compare(&a, &b, &Context::default()).unwrap().files.into_iter().map(|f| f.path).collect();
    assert_eq!(files, ["iso9660:DOCS/A_LONG_N.TEX", "joliet:docs/A long name.text", "rockridge:docs/A long name.text"]);
}

#[test]
fn a_byte_of_a_file_is_traced_to_the_image() {
    let bytes = disc(b"text");
    let at = bytes.windows(4).rposition(|w| w == b"text").unwrap() as u64;
    for path in ["docs/A long name.text", "joliet:docs/A long name.text", "DOCS/A_LONG_N.TEX"] {
        let target = Target::File { path: path.into(), offset: 2 };
        let steps = explain(&derive(&bytes, None), &target, &Context::default()).unwrap();
        let volume = steps.iter().find(|s| s.layer == "volume").unwrap();
        assert_eq!(volume.what, format!("byte {} of the linear view", at + 2), "{path}");
    }
}
