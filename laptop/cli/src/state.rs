//! The folder in which the laptop's Cognito keeps its keys, its secret and its users, so that they
//! are the same at every start.
//! Only its owner can read the files. One command uses the folder at a time.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use demo::laptop::{ConfigurationError, Kept};
use etcetera::{BaseStrategy as _, base_strategy};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// The folder below the user's data folder.
const FOLDER: &str = "digital-auth";
/// The file with everything that is kept.
const STATE: &str = "cognito.json";
/// The certificate of the authority, which clients trust.
const AUTHORITY: &str = "authority.pem";
/// The file that is locked while a command runs.
const LOCK: &str = "lock";
/// The most bytes of the state: it has keys and a few users.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Why nothing can be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// The user has no data folder.
    #[error("no data folder is known for this user: give a folder with --state")]
    NoFolder,
    /// Another command uses the folder.
    #[error(
        "{} is used by another digital-auth: stop that one, or give another folder with --state",
        .0.display()
    )]
    InUse(PathBuf),
    /// The file isn't one of ours.
    #[error(
        "{} isn't the state of a laptop's Cognito, or one of another version: begin anew with \
        --fresh, or give another folder with --state",
        .0.display()
    )]
    Unknown(PathBuf),
    /// The folder's name can't be printed and pasted.
    #[error(
        "the name of the folder {0:?} isn't UTF-8, or has control characters: give another folder \
        with --state"
    )]
    Odd(PathBuf),
    /// The folder or a file can't be used.
    #[error(
        "{} can't be used ({kind}): look at it, or give another folder with --state",
        .path.display()
    )]
    Unusable {
        /// The folder or the file.
        path: PathBuf,
        /// The system's reason.
        kind: io::ErrorKind,
    },
    /// New keys can't be made.
    #[error(transparent)]
    Keys(#[from] ConfigurationError),
}

impl StateError {
    /// The sentence in Japanese.
    pub(crate) fn in_japanese(&self) -> String {
        match self {
            Self::NoFolder => {
                "自分のデータフォルダーの場所が分かりません。--state でフォルダーを指定してください"
                    .to_owned()
            }
            Self::InUse(folder) => format!(
                "{} は、ほかの digital-auth が使っています。そちらを止めるか、--state で別のフォルダーを指定してください",
                folder.display()
            ),
            Self::Unknown(file) => format!(
                "{} は、手元の Cognito が保存したものではないか、別の版のものです。--fresh で新しく始めるか、--state \
                で別のフォルダーを指定してください",
                file.display()
            ),
            Self::Odd(folder) => format!(
                "フォルダーの名前 {folder:?} が UTF-8 でないか、制御文字を含んでいます。--state で別のフォルダーを指定してください"
            ),
            Self::Unusable { path, kind } => {
                format!(
                    "{} を使えません（{kind}）。確かめるか、--state で別のフォルダーを指定してください",
                    path.display()
                )
            }
            Self::Keys(error) => format!("鍵を作れませんでした：{error}"),
        }
    }
}

/// The folder, which this command has to itself.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    /// What the file holds now.
    written: Zeroizing<Vec<u8>>,
    _lock: File,
}

impl State {
    /// Opens the folder, or the usual one, and reads what was kept. With `fresh`, or if nothing was
    /// kept, that is new, and isn't written before [`State::keep`]: a command that can't start
    /// costs nobody their users.
    ///
    /// # Errors
    ///
    /// [`StateError`].
    pub(crate) fn open(folder: Option<&Path>, fresh: bool) -> Result<(Self, Kept), StateError> {
        let folder = match folder {
            Some(folder) => folder.to_owned(),
            None => usual_folder()?,
        };
        // The path is printed, and pasted into settings and commands.
        let is_plain = |path: &str| !path.contains(char::is_control);
        if !folder.to_str().is_some_and(is_plain) {
            return Err(StateError::Odd(folder));
        }
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |error: io::Error| StateError::Unusable {
                path,
                kind: error.kind(),
            }
        };
        make(&folder).map_err(unusable(&folder))?;
        let lock = folder.join(LOCK);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(&lock).map_err(unusable(&lock))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse(folder)),
            Err(TryLockError::Error(error)) => return Err(unusable(&folder)(error)),
        }
        let file = folder.join(STATE);
        // Another kind of file, such as a pipe, would be waited for.
        if file.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(unusable(&file)(io::ErrorKind::InvalidInput.into()));
        }
        let written = match File::open(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unusable(&file)(error)),
            Ok(_) if fresh => None,
            Ok(opened) => {
                let mut written = Zeroizing::new(Vec::new());
                let read = opened.take(LARGEST).read_to_end(&mut written);
                read.map_err(unusable(&file))?;
                Some(written)
            }
        };
        let kept = match &written {
            Some(written) => Kept::from_json(written).map_err(|_| StateError::Unknown(file))?,
            None => Kept::generate()?,
        };
        let state = Self {
            folder,
            written: written.unwrap_or_default(),
            _lock: lock,
        };
        Ok((state, kept))
    }

    /// Writes what is kept, if it isn't what the file holds. The file is replaced as a whole, so
    /// that it is never half written.
    ///
    /// # Errors
    ///
    /// [`StateError::Unusable`].
    pub(crate) fn keep(&mut self, kept: &Kept) -> Result<(), StateError> {
        let file = self.folder.join(STATE);
        let unusable = |kind| StateError::Unusable {
            path: file.clone(),
            kind,
        };
        let json = kept.to_json();
        let json = json.map_err(|_| unusable(io::ErrorKind::InvalidData))?;
        if json != self.written {
            // Somebody may have removed the folder.
            let made = make(&self.folder).and_then(|()| replace(&self.folder, &file, &json));
            made.map_err(|error| unusable(error.kind()))?;
            self.written = json;
        }
        Ok(())
    }

    /// Writes the certificate of the authority into a file of its own, and gives the file.
    ///
    /// # Errors
    ///
    /// [`StateError::Unusable`].
    pub(crate) fn write_authority(&self, authority: &str) -> Result<PathBuf, StateError> {
        let file = self.folder.join(AUTHORITY);
        let written = replace(&self.folder, &file, authority.as_bytes());
        written.map_err(|error| StateError::Unusable {
            path: file.clone(),
            kind: error.kind(),
        })?;
        // It is public: a container may read it as another user.
        let _ = std::fs::set_permissions(&file, Permissions::from_mode(0o644));
        // Others need the whole path.
        Ok(std::path::absolute(&file).unwrap_or(file))
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The folder in the user's data folder.
fn usual_folder() -> Result<PathBuf, StateError> {
    let strategy = base_strategy::choose_native_strategy();
    let strategy = strategy.map_err(|_| StateError::NoFolder)?;
    Ok(strategy.data_dir().join(FOLDER))
}

/// Makes the folder, unless it is there.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

/// Puts a file that only its owner can read into the place of another.
fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_unless_it_is_thrown_away() {
        let folder = tempfile::TempDir::new().unwrap();
        let folder = folder.path().join("a/b");
        let open = |fresh| State::open(Some(&folder), fresh);
        let json = |kept: &Kept| kept.to_json().unwrap();
        let (mut state, kept) = open(false).unwrap();
        state.keep(&kept).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join(STATE)), 0o600);
        assert!(matches!(open(false), Err(StateError::InUse(_))));
        drop(state);
        let (state, again) = open(false).unwrap();
        assert_eq!(json(&again), json(&kept));
        drop(state);
        // What isn't kept after a start is as if there had been none.
        let (state, _) = open(true).unwrap();
        drop(state);
        let (state, again) = open(false).unwrap();
        assert_eq!(json(&again), json(&kept));
        drop(state);
        let (mut state, anew) = open(true).unwrap();
        assert_ne!(json(&anew), json(&kept));
        state.keep(&anew).unwrap();
        drop(state);
        let (_, again) = open(false).unwrap();
        assert_eq!(json(&again), json(&anew));
    }

    #[test]
    fn another_file_is_left_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join(STATE);
        std::fs::write(&file, "something else").unwrap();
        let opened = State::open(Some(folder.path()), false);
        assert!(matches!(opened, Err(StateError::Unknown(_))));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "something else");
        let no_folder = State::open(Some(&file), false);
        assert!(matches!(no_folder, Err(StateError::Unusable { .. })));
        let odd = State::open(Some(Path::new("a\u{1b}b")), false);
        assert!(matches!(odd, Err(StateError::Odd(_))));
    }
}
