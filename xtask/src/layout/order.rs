//! Checks the order within each file of a crate, so that it can be read from the top: first what
//! the file is for (`//!`), then public items, then the private ones that implement them. A private
//! function stands below the first item that uses it, and no private type or function stands before
//! the first public one.
//!
//! Files of tests may have any order: their helpers may come first. What uses a function is found
//! by its name alone, so a variable of the same name counts, too.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit_mut::VisitMut;
use syn::{Attribute, File, ImplItem, Item, Visibility};

use super::rings::Package;
use super::sources::{self, is_for_tests};

/// One line for each thing in the sources of a package that breaks the order.
pub(super) fn broken(package: &Package) -> Result<Vec<String>, String> {
    let mut broken = Vec::new();
    for file in sources::files(&package.folder.join("src"))? {
        let within = file.strip_prefix(&package.folder).unwrap_or(&file);
        let name = format!("{}: {}", package.name, within.display());
        let source = sources::read(&file)?;
        broken.extend(
            of(&source, &file)?
                .iter()
                .map(|what| format!("{name}: {what}")),
        );
    }
    Ok(broken)
}

/// What breaks the order in the source of a file.
fn of(source: &str, file: &Path) -> Result<Vec<String>, String> {
    let parsed = syn::parse_file(source).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut broken = Vec::new();
    if !source.starts_with("//! ") {
        broken.push("it doesn't begin with what it is for (`//!`)".to_owned());
    }
    let is_test = |item: &Item| matches!(item, Item::Fn(function) if is_a_test(&function.attrs));
    if parsed.items.iter().any(is_test) {
        return Ok(broken);
    }
    let parts = parts(&parsed);
    broken.extend(above_their_users(&parts));
    let first_public = parts.iter().position(|part| part.public);
    let first_private = parts
        .iter()
        .position(|part| part.introduces && !part.public);
    if let (Some(public), Some(private)) = (first_public, first_private)
        && private < public
        && let (Some(public), Some(private)) = (parts.get(public), parts.get(private))
    {
        broken.push(format!(
            "`{}` is private, and `{}` is public",
            private.name, public.name
        ));
    }
    for item in &parsed.items {
        if let Item::Impl(implementation) = item
            && implementation.trait_.is_none()
        {
            let methods: Vec<_> = implementation.items.iter().map(Part::of_method).collect();
            broken.extend(above_their_users(&methods));
        }
    }
    Ok(broken)
}

/// An item, or a method.
#[derive(Default)]
struct Part {
    name: String,
    /// The names that its code uses.
    names: BTreeSet<String>,
    /// Whether it introduces something new to the reader: a type or a function.
    introduces: bool,
    public: bool,
    /// Whether it is a private function, which has to stand below the first item that uses it.
    private_function: bool,
}

impl Part {
    fn of_item(item: &Item) -> Self {
        let mut names = Names::of(Kind::Functions);
        names.visit_item_mut(&mut item.clone());
        let (name, visibility) = match item {
            Item::Fn(function) => (&function.sig.ident, &function.vis),
            Item::Struct(item) => (&item.ident, &item.vis),
            Item::Enum(item) => (&item.ident, &item.vis),
            Item::Trait(item) => (&item.ident, &item.vis),
            Item::Type(item) => (&item.ident, &item.vis),
            _ => {
                return Self {
                    names: names.found,
                    ..Self::default()
                };
            }
        };
        let public = is_public(visibility);
        // `main` is exempt, so that the type of a program's arguments may stand before it.
        let is_main = name == "main";
        Self {
            name: name.to_string(),
            names: names.found,
            introduces: !is_main,
            public,
            private_function: !public && !is_main && matches!(item, Item::Fn(_)),
        }
    }

    fn of_method(item: &ImplItem) -> Self {
        let mut names = Names::of(Kind::Methods);
        names.visit_impl_item_mut(&mut item.clone());
        let mut part = Self {
            names: names.found,
            ..Self::default()
        };
        if let ImplItem::Fn(method) = item {
            part.name = method.sig.ident.to_string();
            part.private_function = !is_public(&method.vis);
        }
        part
    }
}

/// Whether a function is a test. A file with such a function has only tests and their helpers.
fn is_a_test(attributes: &[Attribute]) -> bool {
    let names = attributes
        .iter()
        .filter_map(|one| one.path().segments.last());
    names.into_iter().any(|name| name.ident == "test")
}

fn is_public(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

/// The items of a file, without imports, modules, and items that are compiled only for tests.
fn parts(file: &File) -> Vec<Part> {
    let items = file.items.iter().filter(|item| match item {
        Item::Use(_) | Item::Mod(_) => false,
        Item::Const(item) => !is_for_tests(&item.attrs),
        Item::Enum(item) => !is_for_tests(&item.attrs),
        Item::Fn(function) => !is_for_tests(&function.attrs),
        Item::Impl(item) => !is_for_tests(&item.attrs),
        Item::Static(item) => !is_for_tests(&item.attrs),
        Item::Struct(item) => !is_for_tests(&item.attrs),
        Item::Trait(item) => !is_for_tests(&item.attrs),
        Item::Type(item) => !is_for_tests(&item.attrs),
        _ => true,
    });
    items.map(Part::of_item).collect()
}

/// One line for each private function in `parts` that stands above the first part that uses it.
fn above_their_users(parts: &[Part]) -> Vec<String> {
    let mut broken = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let user = parts
            .iter()
            .enumerate()
            .find(|(other, user)| *other != at && user.names.contains(&part.name));
        if part.private_function
            && let Some((first, user)) = user
            && first > at
        {
            let user = if user.name.is_empty() {
                "what"
            } else {
                &user.name
            };
            broken.push(format!(
                "`{}` stands above `{user}`, which uses it",
                part.name
            ));
        }
    }
    broken
}

/// The kind of names that are looked for.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    /// Functions of a module: `name`.
    Functions,
    /// Methods of a type: `.name()` and `Self::name`.
    Methods,
}

/// Collects the names of one kind that code uses.
struct Names {
    kind: Kind,
    found: BTreeSet<String>,
}

impl Names {
    fn of(kind: Kind) -> Self {
        let found = BTreeSet::new();
        Self { kind, found }
    }

    /// Reads the tokens that a macro gets. There, the tokens before a name tell of which kind the
    /// name is.
    fn read(&mut self, tokens: TokenStream) {
        let (mut before, mut two_before) = (String::new(), String::new());
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let is_called = matches!(tokens.peek(), Some(TokenTree::Group(_)));
            let text = match &token {
                TokenTree::Ident(name) => name.to_string(),
                TokenTree::Punct(mark) => mark.as_char().to_string(),
                TokenTree::Group(_) | TokenTree::Literal(_) => String::new(),
            };
            let wanted = match self.kind {
                Kind::Functions => before != "." && before != ":",
                Kind::Methods if before == "." => is_called,
                Kind::Methods => before == ":" && two_before == "Self",
            };
            match token {
                TokenTree::Ident(_) if wanted => {
                    self.found.insert(text.clone());
                }
                TokenTree::Group(group) => self.read(group.stream()),
                _ => {}
            }
            // `::` is two tokens.
            if text != ":" || before != ":" {
                two_before = before;
                before = text;
            }
        }
    }
}

impl VisitMut for Names {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        let names: Vec<_> = path
            .segments
            .iter()
            .map(|one| one.ident.to_string())
            .collect();
        match &names[..] {
            [name] if self.kind == Kind::Functions => {
                self.found.insert(name.clone());
            }
            [of, name] if self.kind == Kind::Methods && of == "Self" => {
                self.found.insert(name.clone());
            }
            _ => {}
        }
        syn::visit_mut::visit_path_mut(self, path);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut syn::ExprMethodCall) {
        if self.kind == Kind::Methods {
            self.found.insert(call.method.to_string());
        }
        syn::visit_mut::visit_expr_method_call_mut(self, call);
    }

    fn visit_macro_mut(&mut self, used: &mut syn::Macro) {
        self.read(used.tokens.clone());
        syn::visit_mut::visit_macro_mut(self, used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(source: &str) -> Vec<String> {
        of(&format!("//! A file.\n{source}"), Path::new("a.rs")).unwrap()
    }

    #[test]
    fn a_file_is_read_from_the_top() {
        for source in [
            "pub fn verify() { helper() } fn helper() {}",
            "const A: u8 = a(); pub struct B; impl B { pub fn b(&self) { self.c() } fn c() {} }",
            "struct Arguments; fn main() { a() } fn a() {}",
            "fn helper() {} #[test] fn a_test() { helper() }",
            "pub fn a() { b!(c) } fn c() {}",
            "struct Alone; fn f() { g() } fn g() {}",
            "pub fn a() {} fn b() { b() }",
            "pub fn first() {} fn of() {} fn a(b: B) { c!(b.of, B::of) }",
            "pub struct A; impl A { fn new() {} fn a() { c!(B::new(new)) } }",
            "#[cfg(test)] fn helper() {} pub fn a() { helper() }",
            "#[cfg(test)] enum Fault {} pub fn a() {}",
        ] {
            assert_eq!(broken(source), [""; 0], "{source}");
        }
    }

    #[test]
    fn what_stands_too_high_is_named() {
        for (source, expected) in [
            (
                "fn helper() {} fn verify() { helper() }",
                "`helper` stands above `verify`, which uses it",
            ),
            (
                "pub struct A; impl A { fn b(&self) {} pub fn a(&self) { self.b() } }",
                "`b` stands above `a`, which uses it",
            ),
            (
                "struct Inner; pub struct Outer(Inner);",
                "`Inner` is private, and `Outer` is public",
            ),
            (
                "pub struct A; impl A { fn b(&self) {} fn a(&self) { c!(self.b()) } }",
                "`b` stands above `a`, which uses it",
            ),
            (
                "pub struct A; impl A { fn b() {} fn a() { c!(Self::b()) } }",
                "`b` stands above `a`, which uses it",
            ),
            (
                "fn text() {} pub fn a() { println!(\"{}\", text()) }",
                "`text` stands above `a`, which uses it",
            ),
        ] {
            assert!(broken(source).contains(&expected.to_owned()), "{source}");
        }
        let unsaid = of("pub fn a() {}", Path::new("a.rs")).unwrap();
        assert_eq!(unsaid, ["it doesn't begin with what it is for (`//!`)"]);
    }
}
