//! A vault survives whoever writes to it: a process that dies after any change,
//! a disk that is full after any byte.

mod box_of_disks;

use box_of_disks::{act, add, disk, faults, folder, tree, vault};
use floptical_catalog::vault::{Fault, Item, Vault};
use floptical_model::{Context, Result};

fn reopened(vault: &Vault, fault: Fault) -> Vault {
    Vault::open(vault.root()).unwrap().failing(fault)
}

/// Copies of a vault that holds `a`.
struct Mould {
    folder: tempfile::TempDir,
}

impl Mould {
    fn new() -> Self {
        let (folder, vault) = vault();
        add(&vault, &[disk("a.img", *b"one")]);
        Self { folder }
    }

    fn vault(&self) -> (tempfile::TempDir, Vault) {
        let folder = folder();
        let root = folder.path().join("vault");
        let from = self.folder.path().join("vault");
        for path in std::iter::once(from.clone()).chain(tree(&from).into_keys()) {
            let to = root.join(path.strip_prefix(&from).unwrap());
            if path.is_dir() {
                std::fs::create_dir_all(to).unwrap();
            } else {
                std::fs::copy(path, to).unwrap();
            }
        }
        (folder, Vault::open(&root).unwrap())
    }
}

/// What is tried on a vault that holds `a`.
type Work = fn(&Vault) -> Result<()>;

fn more() -> [Item; 2] {
    [disk("b.img", *b"two"), disk("c.img", *b"three")]
}

fn ingest(vault: &Vault) -> Result<()> {
    vault.ingest(&more(), &act(), &Context::default()).map(drop)
}

fn edit(vault: &Vault) -> Result<()> {
    vault.edit("a", |said| said.set("carrier.label", "new"), &act(), &Context::default()).map(drop)
}

#[test]
fn who_dies_after_any_change_leaves_what_a_rebuild_ends() {
    let mould = Mould::new();
    for (work, adds) in [(ingest as Work, true), (edit, false)] {
        for changes in 0.. {
            let (_folder, vault) = mould.vault();
            let failing = reopened(&vault, Fault::Dead(changes));
            let done = work(&failing);
            let before = vault.head().ok();
            // What was acknowledged before is there whatever happens.
            assert!(vault.record("a", &Context::default()).is_ok(), "after {changes}");
            vault.rebuild(&act(), &Context::default()).unwrap();
            assert_eq!(faults(&vault), [], "after {changes} changes");
            let ids: Vec<String> = vault.list().unwrap().into_iter().map(|row| row.id).collect();
            assert!(ids == ["a"] || ids == ["a", "b", "c"], "after {changes}: {ids:?}");
            if done.is_ok() {
                assert!(changes > 10, "{changes}");
                break;
            }
            // Once the log names it, it is there.
            let named = before.is_some_and(|head| head.events > 2);
            assert_eq!(named && adds, ids.len() == 3, "after {changes}");
            // Who comes back ends it.
            work(&vault).unwrap();
            assert_eq!(faults(&vault), [], "after {changes} changes, done again");
        }
    }
}

#[test]
fn who_comes_next_ends_it_without_being_asked() {
    let mould = Mould::new();
    for changes in (0..60).step_by(3) {
        let (_folder, vault) = mould.vault();
        let _ = ingest(&reopened(&vault, Fault::Dead(changes)));
        add(&vault, &[disk("d.img", *b"four")]);
        assert_eq!(faults(&vault), [], "after {changes} changes");
    }
}

#[test]
fn a_full_disk_leaves_the_vault_as_it_was() {
    for work in [ingest as Work, edit] {
        let (_folder, vault) = vault();
        add(&vault, &[disk("a.img", *b"one")]);
        let mut before = tree(vault.root());
        let mut room = 0;
        loop {
            let done = work(&reopened(&vault, Fault::Full(room)));
            let Err(error) = done else { break };
            let system = error.system.as_ref().map(|system| system.kind());
            assert_eq!(system, Some(std::io::ErrorKind::StorageFull), "{error}");
            let after = tree(vault.root());
            let differ: Vec<_> = after.iter().filter(|(path, bytes)| before.get(*path) != Some(bytes)).collect();
            assert!(after == before, "with room for {room} bytes: {differ:?}");
            before = after;
            room += 37;
        }
        assert!(room > 1000);
        assert_eq!(faults(&vault), []);
    }
}

#[test]
fn a_vault_is_made_whole_or_not_at_all() {
    for changes in 0.. {
        let folder = folder();
        let root = folder.path().join("vault");
        let done = Vault::create_failing(&root, &act(), Fault::Dead(changes));
        if done.is_ok() {
            break;
        }
        assert!(!root.exists() || Vault::open(&root).is_ok());
        drop(std::fs::remove_dir_all(&root));
        Vault::create(&root, &act()).unwrap();
        assert_eq!(tree(folder.path()).keys().filter(|path| path.ends_with(".vault.part")).count(), 0);
    }
}
