//! The index: SQLite, a cache of log and objects. It can be removed at any time.

use std::path::Path;
use std::time::Duration;

use floptical_model::{Error, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::shown;
use crate::event::{Head, open};
use crate::record::Record;

/// Its name in a vault.
pub(super) const FILE: &str = "index.sqlite";

/// Raised when the tables change: an older index is made anew.
const VERSION: i64 = 1;

const TABLES: &str = "
    CREATE TABLE head (events INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
    CREATE TABLE object (
        id TEXT PRIMARY KEY, version TEXT NOT NULL, inventory TEXT NOT NULL, title TEXT NOT NULL,
        format TEXT NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL, damaged INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE file (
        object TEXT NOT NULL, path TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL,
        size INTEGER NOT NULL, blake3 TEXT NOT NULL, PRIMARY KEY (object, path)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX file_name ON file (name, size);
    CREATE TABLE digest (
        digits TEXT NOT NULL, object TEXT NOT NULL, algorithm TEXT NOT NULL, what TEXT NOT NULL,
        PRIMARY KEY (digits, object, algorithm, what)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX digest_object ON digest (object);
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, object TEXT, time TEXT NOT NULL, line TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_object ON event (object) WHERE object IS NOT NULL;
    CREATE VIRTUAL TABLE words USING fts5 (id UNINDEXED, text);
";

/// A carrier, in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRow {
    /// Its id.
    pub id: String,
    /// Its newest version.
    pub version: String,
    /// SHA-512 of the inventory of that.
    pub inventory: String,
    /// What a person calls it; else the name of its first file.
    pub title: String,
    /// Formats of its images.
    pub format: String,
    /// Files that came.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// True when a sector of it is damaged, or an image could not be read.
    pub damaged: bool,
}

/// A file of a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Its path in the object.
    pub path: String,
    /// Its role, in a word.
    pub role: String,
    /// The name it came with.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// BLAKE3.
    pub blake3: String,
}

/// A carrier that was found, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// The algorithm or layer of a digest, else `text`.
    pub by: String,
    /// The file or image it is the digest of; the words around a text.
    pub what: String,
}

/// The index.
#[derive(Debug)]
pub(super) struct Index {
    connection: Connection,
}

/// An index that is being changed, all or nothing.
pub(super) struct Change<'a>(Transaction<'a>);

impl Index {
    /// A new one.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let create = || {
            let connection = Connection::open(path)?;
            connection.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = NORMAL;")?;
            connection.execute_batch(TABLES)?;
            let head = Head::default();
            connection.execute("INSERT INTO head VALUES (?1, ?2)", params![number(head.events), head.hash])?;
            connection.pragma_update(None, "user_version", VERSION)?;
            Ok(connection)
        };
        create().map(|connection| Self { connection }).map_err(wrong)
    }

    /// The one that is there. On a disk that cannot be written it is read as it
    /// lies.
    pub(super) fn open(path: &Path) -> Result<Self> {
        use rusqlite::OpenFlags as Flags;
        if !path.is_file() {
            return Err(Error::new(ErrorKind::Malformed, format!("{} is missing: {REMEDY}", shown(path))));
        }
        let connect = |flags| -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(path, flags | Flags::SQLITE_OPEN_NO_MUTEX)?;
            connection.busy_timeout(Duration::from_secs(30))?;
            connection.execute_batch("PRAGMA synchronous = NORMAL;")?;
            Ok(connection)
        };
        let opened = connect(Flags::SQLITE_OPEN_READ_WRITE).or_else(|_| connect(Flags::SQLITE_OPEN_READ_ONLY));
        let index = Self { connection: opened.map_err(wrong)? };
        let version = index.connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
        match version.map_err(wrong)? {
            VERSION => Ok(index),
            other => Err(Error::new(ErrorKind::Malformed, format!("the index is of version {other}: {REMEDY}"))),
        }
    }

    /// Write all and let go.
    pub(super) fn close(self) -> Result<()> {
        self.connection.close().map_err(|(_, error)| wrong(error))
    }

    /// Remove an index and what SQLite keeps beside it.
    pub(super) fn remove(path: &Path) -> Result<()> {
        for ending in ["", "-journal", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            match std::fs::remove_file(&name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(floptical_io::disk::failed("remove", Path::new(&name), error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Hold the file against itself.
    pub(super) fn check(&self) -> Result<()> {
        let said = self.connection.pragma_query_value(None, "quick_check", |row| row.get::<_, String>(0));
        match said.map_err(wrong)?.as_str() {
            "ok" => Ok(()),
            said => Err(Error::new(ErrorKind::Malformed, format!("the index: {said}; {REMEDY}"))),
        }
    }

    /// How far of the log it knows.
    pub(super) fn head(&self) -> Result<Head> {
        let read = |row: &Row<'_>| Ok(Head { events: unsigned(row, 0)?, hash: row.get(1)? });
        self.connection.query_row("SELECT events, hash FROM head", [], read).map_err(wrong)
    }

    /// Change it, all or nothing.
    pub(super) fn change(&mut self, work: impl FnOnce(&mut Change<'_>) -> Result<()>) -> Result<()> {
        let mut change = Change(self.connection.transaction().map_err(wrong)?);
        work(&mut change)?;
        change.0.commit().map_err(wrong)
    }

    fn rows<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let rows =
            || -> rusqlite::Result<Vec<T>> { self.connection.prepare_cached(sql)?.query_map(values, read)?.collect() };
        rows().map_err(wrong)
    }

    /// All carriers, by id.
    pub(super) fn objects(&self) -> Result<Vec<ObjectRow>> {
        self.rows("SELECT * FROM object ORDER BY id", [], object_row)
    }

    /// One carrier.
    pub(super) fn object(&self, id: &str) -> Result<Option<ObjectRow>> {
        let row = || {
            self.connection.prepare_cached("SELECT * FROM object WHERE id = ?1")?.query_row([id], object_row).optional()
        };
        row().map_err(wrong)
    }

    /// Carriers that have a file of this name and length.
    pub(super) fn by_name_and_size(&self, name: &str, size: u64) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT object FROM file WHERE name = ?1 AND size = ?2 ORDER BY object";
        self.rows(sql, params![name, number(size)], |row| row.get(0))
    }

    /// Name, length and BLAKE3 of the files of a carrier.
    pub(super) fn identity_of(&self, id: &str) -> Result<Vec<(String, u64, String)>> {
        let read = |row: &Row<'_>| Ok((row.get(0)?, unsigned(row, 1)?, row.get(2)?));
        self.rows("SELECT name, size, blake3 FROM file WHERE object = ?1", [id], read)
    }

    /// Carriers with a digest or identity.
    pub(super) fn by_digest(&self, digits: &str) -> Result<Vec<Found>> {
        let sql = "SELECT object, algorithm, what FROM digest WHERE digits = ?1 ORDER BY object, algorithm, what";
        self.rows(sql, [digits], found)
    }

    /// Carriers whose words hold all of these; a word may be cut short.
    pub(super) fn by_text(&self, words: &str) -> Result<Vec<Found>> {
        let quoted: Vec<String> =
            words.split_whitespace().map(|word| format!("\"{}\"*", word.replace('"', "\"\""))).collect();
        if quoted.is_empty() {
            return Ok(Vec::new());
        }
        let sql = "SELECT id, 'text', snippet(words, 1, '', '', '...', 12) FROM words WHERE words MATCH ?1 ORDER BY id";
        self.rows(sql, [quoted.join(" ")], found)
    }

    /// Groups of carriers with one L2.
    pub(super) fn twins(&self) -> Result<Vec<Vec<String>>> {
        let sql = "SELECT digits, object FROM digest WHERE algorithm = 'l2' AND digits IN
            (SELECT digits FROM digest WHERE algorithm = 'l2' GROUP BY digits HAVING count(DISTINCT object) > 1)
            GROUP BY digits, object ORDER BY digits, object";
        let rows: Vec<(String, String)> = self.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut groups: Vec<Vec<String>> = rows
            .chunk_by(|(a, _), (b, _)| a == b)
            .map(|group| group.iter().map(|(_, id)| id.clone()).collect())
            .collect();
        groups.sort();
        Ok(groups)
    }

    /// Carriers that share an L2 with this one.
    pub(super) fn twins_of(&self, id: &str) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT other.object FROM digest AS own JOIN digest AS other ON other.digits = own.digits
            WHERE own.object = ?1 AND own.algorithm = 'l2' AND other.algorithm = 'l2' AND other.object <> ?1
            ORDER BY other.object";
        self.rows(sql, [id], |row| row.get(0))
    }
}

impl Change<'_> {
    /// Put in what a record says, in place of what was known of the carrier.
    pub(super) fn object(&mut self, record: &Record, version: &str, inventory: &str) -> Result<()> {
        self.put(record, version, inventory).map_err(wrong)
    }

    fn put(&mut self, record: &Record, version: &str, inventory: &str) -> rusqlite::Result<()> {
        let id = record.id.as_str();
        if self.0.prepare_cached("SELECT 1 FROM object WHERE id = ?1")?.exists([id])? {
            for (table, column) in [("file", "object"), ("digest", "object"), ("words", "id")] {
                self.0.execute(&format!("DELETE FROM {table} WHERE {column} = ?1"), [id])?;
            }
        }
        let files = &record.measured.files;
        let images = &record.measured.images;
        let formats: Vec<&str> = images.iter().filter_map(|image| image.format.as_deref()).collect();
        let title = record.provenance.carrier.title.as_deref().or(record.provenance.carrier.label.as_deref());
        let title = title.or(files.first().map(|file| file.name.as_str())).unwrap_or_default();
        let damaged = images.iter().any(|image| !image.damaged.is_empty() || image.problem.is_some());
        let bytes: u64 = files.iter().map(|file| file.size).sum();
        self.0.prepare_cached("INSERT OR REPLACE INTO object VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute(
            params![
                id,
                version,
                inventory,
                title,
                formats.join(" "),
                number(files.len() as u64),
                number(bytes),
                damaged
            ],
        )?;
        for file in files {
            let blake3 = file.digests.get("blake3").map_or("", String::as_str);
            let row = params![id, file.path, file.role.word(), file.name, number(file.size), blake3];
            self.0.prepare_cached("INSERT OR REPLACE INTO file VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(row)?;
            file.digests.iter().try_for_each(|(algorithm, digits)| self.digest(digits, id, algorithm, &file.path))?;
        }
        for image in images {
            let what = image.files.first().map_or("", String::as_str);
            let l1 = image.l1.as_ref().filter(|layer| layer.holds_data());
            let l2 = image.l2.as_ref().filter(|layer| layer.holds_data());
            let layers = [("l1", l1.map(|l| &l.sha256)), ("l1o", image.l1o.as_ref()), ("l2", l2.map(|l| &l.sha256))];
            for (layer, digits) in layers {
                digits.map_or(Ok(()), |digits| self.digest(digits, id, layer, what))?;
            }
        }
        self.0.prepare_cached("INSERT INTO words VALUES (?1, ?2)")?.execute([id, &words(record)])?;
        Ok(())
    }

    fn digest(&self, digits: &str, id: &str, algorithm: &str, what: &str) -> rusqlite::Result<()> {
        let mut insert = self.0.prepare_cached("INSERT OR IGNORE INTO digest VALUES (?1, ?2, ?3, ?4)")?;
        insert.execute([digits, id, algorithm, what]).map(drop)
    }

    /// Put in lines of the log; the index then stands at the last of them.
    pub(super) fn events(&mut self, lines: &[String]) -> Result<()> {
        for line in lines {
            let line = line.trim_end_matches('\n');
            let read = open(line.as_bytes(), &Head::default());
            let (Some(event), Some(head)) = (read.event, read.head) else { continue };
            let put = || -> rusqlite::Result<()> {
                let row = params![number(event.seq), event.kind.word(), event.object, event.time.to_string(), line];
                self.0.prepare_cached("INSERT OR REPLACE INTO event VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(row)?;
                let head = params![number(head.events), head.hash];
                self.0.prepare_cached("UPDATE head SET events = ?1, hash = ?2")?.execute(head).map(drop)
            };
            put().map_err(wrong)?;
        }
        Ok(())
    }
}

/// What is searched: everything that is said of a carrier.
fn words(record: &Record) -> String {
    let mut words = vec![record.id.clone()];
    words.extend(record.provenance.filled().map(|(_, value)| value.to_owned()));
    words.extend(record.measured.files.iter().map(|file| file.name.clone()));
    for image in &record.measured.images {
        words.extend(image.format.iter().chain(&image.carrier).chain(&image.layout).cloned());
        words.extend(image.volumes.iter().cloned());
    }
    words.extend(record.claimed.iter().map(|claim| claim.text.clone()));
    words.join("\n")
}

fn object_row(row: &Row<'_>) -> rusqlite::Result<ObjectRow> {
    Ok(ObjectRow {
        id: row.get(0)?,
        version: row.get(1)?,
        inventory: row.get(2)?,
        title: row.get(3)?,
        format: row.get(4)?,
        files: unsigned(row, 5)?,
        bytes: unsigned(row, 6)?,
        damaged: row.get(7)?,
    })
}

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found { id: row.get(0)?, by: row.get(1)?, what: row.get(2)? })
}

/// SQLite counts with a sign; no vault comes near its end.
fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|n| u64::try_from(n).unwrap_or(0))
}

const REMEDY: &str = "`catalog rebuild` makes it anew";

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn wrong(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Code;
    let kind = match error.sqlite_error_code() {
        Some(Code::DiskFull | Code::SystemIoFailure | Code::ReadOnly | Code::CannotOpen | Code::DatabaseBusy) => {
            ErrorKind::Io
        }
        _ => ErrorKind::Malformed,
    };
    Error::new(kind, format!("the index: {error}; {REMEDY}"))
}
