//! The functions that everything is started with: built together by one run of cargo, since they
//! share most of what they are made of.
//! A new function is added here, in `template.yaml`, and in `xtask`, which builds what is deployed.

use std::path::PathBuf;

use local_lambda::{BuildError, BuildStop, Profile, Target, build_all_once, build_all_until};

/// The functions' executables.
#[derive(Clone, Debug)]
pub struct Functions {
    /// `federation`: the bridge.
    pub federation: PathBuf,
    /// `inbound-federation`: the trigger that admits a sign-in.
    pub inbound_federation: PathBuf,
    /// `pre-token-generation`: the trigger that says what tokens hold.
    pub pre_token_generation: PathBuf,
}

impl Functions {
    /// The packages, whose binaries have the same names.
    pub const PACKAGES: [&str; 3] = ["federation", "inbound-federation", "pre-token-generation"];

    /// Builds them, once in the life of this process. This call blocks.
    ///
    /// # Errors
    ///
    /// [`BuildError`].
    pub fn build_once(profile: Profile) -> Result<Self, BuildError> {
        Self::of(build_all_once(&targets(profile))?)
    }

    /// Builds them until somebody stops it, with each line of cargo's progress. This call blocks.
    ///
    /// # Errors
    ///
    /// [`BuildError`].
    pub fn build_until(
        stop: &BuildStop,
        profile: Profile,
        progress: impl FnMut(&str),
    ) -> Result<Self, BuildError> {
        Self::of(build_all_until(stop, &targets(profile), progress)?)
    }

    fn of(executables: Vec<PathBuf>) -> Result<Self, BuildError> {
        let executables: [PathBuf; 3] =
            executables
                .try_into()
                .map_err(|_| BuildError::NoExecutable {
                    package: Self::PACKAGES.join(", "),
                })?;
        let [federation, inbound_federation, pre_token_generation] = executables;
        Ok(Self {
            federation,
            inbound_federation,
            pre_token_generation,
        })
    }
}

fn targets(profile: Profile) -> [Target; 3] {
    Functions::PACKAGES.map(|package| Target::function(package, profile))
}
