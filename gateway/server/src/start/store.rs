//! The store of cases, as the configuration says it.

use std::sync::Arc;
use std::time::Duration;

use engine::ports::Clock;

use super::keys;
use crate::config::{ConfigError, Main};
use crate::store::file::Synchronous;
use crate::store::sealing::MasterKey;
use crate::store::{Opening, Sqlite};

/// Opens the store, making it and its key at the very first start.
pub fn open_store(main: &Main, clock: &Arc<dyn Clock>) -> Result<Sqlite, ConfigError> {
    let file = main.path(&main.store.file);
    let master = if file.exists() { master_key(main)? } else { made_key(main)? };
    let opening = Opening {
        file: file.clone(),
        group_wait: Duration::from_micros(main.store.group_wait_us),
        readers: main.store.readers,
        synchronous: Synchronous::Full,
    };
    let opened = Sqlite::open(&opening, master, Arc::clone(clock));
    opened.map_err(|error| ConfigError::Told(error.to_string()))
}

/// The key of a store that is there. A missing one is never made: it would open nothing.
pub fn master_key(main: &Main) -> Result<MasterKey, ConfigError> {
    let file = main.path(&main.store.master_key);
    let missing = "the master key is missing; what is sealed with it opens with no other. Put its copy back";
    let bytes = keys::read(&file)?.ok_or_else(|| ConfigError::unfit(&file, missing))?;
    MasterKey::new(&bytes).map_err(|error| ConfigError::unfit(&file, error.to_string()))
}

fn made_key(main: &Main) -> Result<MasterKey, ConfigError> {
    let file = main.path(&main.store.master_key);
    let bytes = keys::read_or_make(&file)?;
    MasterKey::new(&bytes).map_err(|error| ConfigError::unfit(&file, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::WallClock;

    #[test]
    fn the_key_is_made_with_the_store_and_never_for_one_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config/lienthong.toml");
        std::fs::create_dir_all(config.parent().unwrap()).unwrap();
        std::fs::write(&config, "[store]\nreaders = 1\n").unwrap();
        let main = Main::read(Some(&config), &[]).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        assert!(master_key(&main).is_err(), "nothing makes a key for a store that is said to be there");
        drop(open_store(&main, &clock).unwrap());
        let key = folder.path().join("data/keys/master.key");
        let copy = std::fs::read(&key).unwrap();
        std::fs::remove_file(&key).unwrap();
        let told = open_store(&main, &clock).err().expect("refused").to_string();
        assert!(told.contains("master key is missing") && !key.exists(), "{told}");
        std::fs::write(&key, copy).unwrap();
        use std::os::unix::fs::PermissionsExt;
        let told = open_store(&main, &clock).err().expect("refused").to_string();
        assert!(told.contains("chmod 600"), "{told}");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(open_store(&main, &clock).is_ok());
    }
}
