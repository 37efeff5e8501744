//! The seat of a process: the name of a folder that it holds alone. Who finds the name in an event of another process, and
//! holds the folder, knows that the other process is gone.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// Name of the file in the folder.
const FILE: &str = "seat";

/// The name of a folder, which the caller has locked. `fresh`: a name that nobody else has, for a folder without one.
///
/// # Errors
/// The file can neither be read nor written.
pub fn seat_of(folder: &Path, fresh: &str) -> io::Result<String> {
    let path = folder.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(_) | Err(_) => {}
    }
    fs::create_dir_all(folder)?;
    let mut file = File::create(&path)?;
    file.write_all(fresh.as_bytes())?;
    file.sync_all()?;
    Ok(fresh.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_the_name_that_it_got_first() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(seat_of(folder.path(), "one").expect("written"), "one");
        assert_eq!(seat_of(folder.path(), "two").expect("read"), "one");
        // A process that died before it had written gets over it.
        fs::write(folder.path().join(FILE), "").expect("written");
        assert_eq!(seat_of(folder.path(), "three").expect("written"), "three");
    }
}
