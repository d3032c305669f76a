//! Finds circles: files of a crate that import each other, directly or through other files. To
//! understand one file of a circle, one has to read all of them.
//!
//! A file imports another one if it names an item that is defined there. Declaring a module is no
//! import, and neither is a re-export (`pub use`): an item that is imported through a re-export
//! counts as imported from the file that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit_mut::VisitMut;
use syn::{Item, ItemMod, ItemUse, Meta, UseTree, Visibility};

use super::rings::Package;
use super::sources;

/// The circles in the files of a package, each as one line of text.
pub(super) fn of(package: &Package) -> Result<Vec<String>, String> {
    let mut circles = Vec::new();
    for root in &package.roots {
        let modules = Modules::read(root)?;
        for circle in modules.circles() {
            let files = circle.iter().map(|file| {
                let within = file.strip_prefix(&package.folder).unwrap_or(file);
                within.display().to_string()
            });
            let files: Vec<_> = files.collect();
            circles.push(format!(
                "{}: a circle of {}",
                package.name,
                files.join(", ")
            ));
        }
    }
    Ok(circles)
}

/// The names in a path to a module, or to an item in a module.
type Names = Vec<String>;

/// The modules of one target.
#[derive(Default)]
struct Modules(BTreeMap<Names, Module>);

/// A module, either in a file of its own or inline in the file of another module.
#[derive(Default)]
struct Module {
    file: PathBuf,
    /// Its re-exports: the name that it exports, and the path of the item.
    handed_on: BTreeMap<String, Names>,
    /// The paths that its code names, each from the root of the crate.
    named: Vec<Names>,
}

impl Modules {
    fn read(root: &Path) -> Result<Self, String> {
        let mut modules = Self::default();
        let folder = root.parent().unwrap_or(root);
        modules.add_file(Vec::new(), root, folder)?;
        Ok(modules)
    }

    /// Adds the module that is in a file. `folder` is the folder with the files of its child
    /// modules.
    fn add_file(&mut self, path: Names, file: &Path, folder: &Path) -> Result<(), String> {
        let source = sources::read(file)?;
        let parsed =
            syn::parse_file(&source).map_err(|error| format!("{}: {error}", file.display()))?;
        self.add(path, file, folder, &parsed.items)
    }

    fn add(
        &mut self,
        path: Names,
        file: &Path,
        folder: &Path,
        items: &[Item],
    ) -> Result<(), String> {
        let mut reader = Reader {
            path: path.clone(),
            children: BTreeSet::new(),
            module: Module {
                file: file.to_owned(),
                ..Module::default()
            },
        };
        let inner = items.iter().filter_map(|item| match item {
            Item::Mod(inner) if !sources::is_for_tests(&inner.attrs) => Some(inner),
            _ => None,
        });
        let inner: Vec<_> = inner.collect();
        (reader.children).extend(inner.iter().map(|inner| inner.ident.to_string()));
        for item in items {
            reader.visit_item_mut(&mut item.clone());
        }
        self.0.insert(path.clone(), reader.module);
        for inner in inner {
            let name = inner.ident.to_string();
            let mut inner_path = path.clone();
            inner_path.push(name.clone());
            let inner_folder = folder.join(&name);
            if let Some((_, items)) = &inner.content {
                self.add(inner_path, file, &inner_folder, items)?;
                continue;
            }
            let flat = match path_attribute(inner) {
                Some(path) => file.parent().unwrap_or(file).join(path),
                None => folder.join(format!("{name}.rs")),
            };
            if flat.is_file() {
                self.add_file(inner_path, &flat, &inner_folder)?;
            } else {
                self.add_file(inner_path, &inner_folder.join("mod.rs"), &inner_folder)?;
            }
        }
        Ok(())
    }

    /// The sets of files that import each other. No set comes twice.
    fn circles(&self) -> Vec<BTreeSet<PathBuf>> {
        let imports = self.imports();
        let reached_from = |start: &Path| {
            let mut reached: BTreeSet<&Path> = BTreeSet::new();
            let mut next: Vec<&Path> = imports.get(start).into_iter().flatten().copied().collect();
            while let Some(file) = next.pop() {
                if reached.insert(file) {
                    next.extend(imports.get(file).into_iter().flatten().copied());
                }
            }
            reached
        };
        let reached: BTreeMap<&Path, _> = imports
            .keys()
            .map(|file| (*file, reached_from(file)))
            .collect();
        let mut circles = Vec::new();
        for (file, from_here) in &reached {
            let back = |other: &&&Path| {
                let from_there = reached.get(**other);
                from_there.is_some_and(|from_there| from_there.contains(file))
            };
            let circle: BTreeSet<_> = from_here
                .iter()
                .filter(back)
                .map(|file| file.to_path_buf())
                .collect();
            if !circle.is_empty() && !circles.contains(&circle) {
                circles.push(circle);
            }
        }
        circles
    }

    /// The files that each file imports.
    fn imports(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut imports: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
        for module in self.0.values() {
            let files = module.named.iter().filter_map(|named| self.file_of(named));
            let others = files.filter(|file| *file != module.file);
            imports.entry(&module.file).or_default().extend(others);
        }
        imports
    }

    /// The file that defines what a path names, if the path is one of this crate.
    fn file_of(&self, named: &[String]) -> Option<&Path> {
        let mut named = named.to_vec();
        // A name can be re-exported several times in a row. More often than this, the re-exports
        // must lead back to each other.
        for _ in 0..16 {
            let depth = (0..=named.len()).rev().find(|depth| {
                let prefix = named.get(..*depth);
                prefix.is_some_and(|prefix| self.0.contains_key(prefix))
            })?;
            let (module, rest) = named.split_at_checked(depth)?;
            let module = self.0.get(module)?;
            let Some((first, rest)) = rest.split_first() else {
                return Some(&module.file);
            };
            if let Some(origin) = module.handed_on.get(first) {
                named = origin.iter().chain(rest).cloned().collect();
            } else {
                return Some(&module.file);
            }
        }
        None
    }
}

/// Collects the paths and the re-exports of one module.
struct Reader {
    path: Names,
    children: BTreeSet<String>,
    module: Module,
}

impl Reader {
    fn read_use(&mut self, tree: &UseTree, before: &mut Names, hands_on: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.read_use(&path.tree, before, hands_on);
                before.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.read_use(tree, before, hands_on);
                }
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.read_name(&name, &name, before, hands_on);
            }
            UseTree::Rename(rename) => {
                let (name, known_as) = (rename.ident.to_string(), rename.rename.to_string());
                self.read_name(&name, &known_as, before, hands_on);
            }
            UseTree::Glob(_) => {
                // A re-export of all names of a module isn't followed to the file that defines
                // them.
                if !hands_on && let Some(named) = self.absolute(before) {
                    self.module.named.push(named);
                }
            }
        }
    }

    fn read_name(&mut self, name: &str, known_as: &str, before: &[String], hands_on: bool) {
        let mut path = before.to_vec();
        if name != "self" {
            path.push(name.to_owned());
        }
        let Some(named) = self.absolute(&path) else {
            return;
        };
        if hands_on {
            self.module.handed_on.insert(known_as.to_owned(), named);
        } else {
            self.module.named.push(named);
        }
    }

    /// The path from the root of the crate, if it is a path of this crate: one that begins with
    /// `crate`, `self` or `super`, or with a module that is declared in this one.
    fn absolute(&self, path: &[String]) -> Option<Names> {
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.path.clone(),
            "super" => {
                let (_, parent) = self.path.split_last()?;
                parent.to_vec()
            }
            child if self.children.contains(child) => {
                let mut base = self.path.clone();
                base.push(child.to_owned());
                base
            }
            _ => return None,
        };
        for name in rest {
            if name == "super" {
                base.pop();
            } else {
                base.push(name.clone());
            }
        }
        Some(base)
    }
}

impl VisitMut for Reader {
    fn visit_item_mod_mut(&mut self, _: &mut ItemMod) {
        // Inner modules are read separately.
    }

    fn visit_item_use_mut(&mut self, item: &mut ItemUse) {
        // `::name` is another crate, even if a module here has the same name.
        if item.leading_colon.is_some() {
            return;
        }
        let hands_on = !matches!(item.vis, Visibility::Inherited);
        self.read_use(&item.tree, &mut Vec::new(), hands_on);
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        let names: Names = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if names.len() > 1
            && path.leading_colon.is_none()
            && let Some(named) = self.absolute(&names)
        {
            self.module.named.push(named);
        }
        syn::visit_mut::visit_path_mut(self, path);
    }
}

/// The file that `#[path = "…"]` names.
fn path_attribute(module: &ItemMod) -> Option<String> {
    module.attrs.iter().find_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        let syn::Expr::Lit(value) = &pair.value else {
            return None;
        };
        match &value.lit {
            syn::Lit::Str(path) if pair.path.is_ident("path") => Some(path.value()),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The circles in a crate with these files, each as the names of its files.
    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, source) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, source).unwrap();
        }
        let modules = Modules::read(&folder.path().join("lib.rs")).unwrap();
        let within = |file: &PathBuf| {
            let within = file.strip_prefix(folder.path()).unwrap();
            within.to_str().unwrap().to_owned()
        };
        let circles = modules.circles();
        let names = circles
            .iter()
            .map(|circle| circle.iter().map(within).collect::<Vec<_>>().join(" "));
        names.collect()
    }

    #[test]
    fn a_file_that_is_imported_by_what_it_imports_is_in_a_circle() {
        let lib = ("lib.rs", "mod a; mod b; mod c;");
        let c = ("c.rs", "pub struct C;");
        for b in [
            "use crate::a::A;",
            "use super::a::{A, B};",
            "fn b() { crate::a::b(); }",
            "use crate::{c::C, a};",
            "mod inner { use super::super::a::A; }",
        ] {
            let files = [lib, ("a.rs", "use super::{b::B, c::C};"), ("b.rs", b), c];
            assert_eq!(circles(&files), ["a.rs b.rs"], "{b}");
        }
    }

    #[test]
    fn one_by_several_steps_is_found_once() {
        let files = [
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::a::A;"),
            ("d.rs", "use crate::a::A;"),
        ];
        assert_eq!(circles(&files), ["a.rs b.rs c.rs"]);
    }

    #[test]
    fn what_a_module_hands_on_is_imported_from_where_it_stands() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B as Bee;"),
            ("a.rs", "use crate::Bee;"),
            ("b.rs", "pub struct B;"),
        ];
        assert!(circles(&files).is_empty());
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B as Bee;"),
            ("a.rs", "use crate::Bee;"),
            ("b.rs", "use super::A;"),
        ];
        assert_eq!(circles(&files), ["a.rs b.rs"]);
    }

    #[test]
    fn a_parent_that_names_what_its_child_has_is_in_a_circle_with_it() {
        let files = [
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod b; struct A; fn a() { b::b(); }"),
            ("a/b.rs", "use super::A;"),
        ];
        assert_eq!(circles(&files), ["a/b.rs a/mod.rs"]);
    }

    #[test]
    fn to_declare_a_module_is_no_import_and_tests_of_a_file_are_no_part_of_it() {
        let files = [
            ("lib.rs", "mod a; mod b; struct L;"),
            (
                "a.rs",
                "use crate::L; #[cfg(test)] mod tests { use crate::b::B; }",
            ),
            ("b.rs", "use crate::a::A;"),
        ];
        assert!(circles(&files).is_empty());
    }

    #[test]
    fn another_crate_of_the_same_name_is_another_crate() {
        let files = [
            (
                "lib.rs",
                "mod a; use ::a::A; fn l() { ::a::a(); } struct L;",
            ),
            ("a.rs", "use crate::L;"),
        ];
        assert!(circles(&files).is_empty());
    }
}
