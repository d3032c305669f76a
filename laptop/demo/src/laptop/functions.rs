//! The executables of the Lambda functions. One run of cargo builds them together, since they share
//! most of their dependencies. A new function is added here, in `template.yaml`, and in `xtask`,
//! which builds the functions for deployment.

use std::path::PathBuf;

use local_lambda::{BuildError, BuildStop, Profile, Target, build_all_once, build_all_until};

/// The functions' executables. By default there are none.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    /// `federation`: the bridge.
    pub federation: PathBuf,
    /// `inbound-federation`: the trigger that decides what a sign-in writes into the user pool.
    pub inbound_federation: PathBuf,
    /// `pre-token-generation`: the trigger that decides which claims tokens get.
    pub pre_token_generation: PathBuf,
    /// `verification`: the members' API.
    pub verification: PathBuf,
}

impl Functions {
    /// The packages, whose binaries have the same names.
    pub const PACKAGES: [&str; 4] = [
        "federation",
        "inbound-federation",
        "pre-token-generation",
        "verification",
    ];

    /// Builds the functions, at most once in the life of this process. This call blocks.
    ///
    /// # Errors
    ///
    /// [`BuildError`].
    pub fn build_once(profile: Profile) -> Result<Self, BuildError> {
        Self::of(build_all_once(&targets(profile))?)
    }

    /// Builds the functions, until they are built or `stop` is used. `progress` gets each line of
    /// cargo's output. This call blocks.
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
        let executables: [PathBuf; 4] =
            executables
                .try_into()
                .map_err(|_| BuildError::NoExecutable {
                    package: Self::PACKAGES.join(", "),
                })?;
        let [
            federation,
            inbound_federation,
            pre_token_generation,
            verification,
        ] = executables;
        Ok(Self {
            federation,
            inbound_federation,
            pre_token_generation,
            verification,
        })
    }
}

fn targets(profile: Profile) -> [Target; 4] {
    Functions::PACKAGES.map(|package| Target::function(package, profile))
}
