//! The forms of a page of other software, read as a browser reads them: their addresses, prefilled
//! fields and buttons. They are read by the rules of the HTML standard, since the markup of such a
//! page can change.

use html5gum::{StartTag, Token, Tokenizer};
use loopback::user_agent::{Page, UserAgent};
use url::Url;

/// A form with method POST.
#[derive(Clone, Debug)]
pub struct Form {
    action: Url,
    fields: Vec<(String, String)>,
    buttons: Vec<(String, String)>,
}

impl Form {
    /// Every form of a page that has method POST.
    ///
    /// # Panics
    ///
    /// If a form's address is no URL.
    #[must_use]
    pub fn all(page: &Page) -> Vec<Self> {
        let html = page.text();
        let mut forms = Vec::new();
        let mut open: Option<Self> = None;
        for Ok(token) in Tokenizer::new(&html) {
            match token {
                Token::StartTag(tag) => match (&**tag.name, &mut open) {
                    (b"form", None) => open = Self::begun(&tag, page),
                    (b"input", Some(form)) => form.input(&tag),
                    (b"button", Some(form)) => form.button(&tag),
                    _ => {}
                },
                Token::EndTag(tag) if **tag.name == *b"form" => forms.extend(open.take()),
                _ => {}
            }
        }
        forms.extend(open);
        forms
    }

    fn begun(tag: &StartTag<()>, page: &Page) -> Option<Self> {
        let method = attribute(tag, "method").unwrap_or_default();
        method.eq_ignore_ascii_case("post").then(|| {
            let action = attribute(tag, "action").unwrap_or_default();
            Self {
                action: page.url.join(&action).expect("a form's address"),
                fields: Vec::new(),
                buttons: Vec::new(),
            }
        })
    }

    fn input(&mut self, tag: &StartTag<()>) {
        let kind = attribute(tag, "type").unwrap_or_default();
        match kind.to_ascii_lowercase().as_str() {
            "submit" | "image" => self.button(tag),
            "button" | "reset" => {}
            "checkbox" | "radio" if attribute(tag, "checked").is_none() => {}
            _ => self.fields.extend(named(tag)),
        }
    }

    fn button(&mut self, tag: &StartTag<()>) {
        self.buttons.extend(named(tag));
    }

    /// Whether the form has a field or a button of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let mut all = self.fields.iter().chain(&self.buttons);
        all.any(|(known, _)| known == name)
    }

    /// Fills in a field.
    ///
    /// # Panics
    ///
    /// If there is no such field.
    #[must_use]
    pub fn filled(mut self, name: &str, value: &str) -> Self {
        let mut fields = self.fields.iter_mut();
        let field = fields.find(|(known, _)| known == name);
        field.expect("a field of this name").1 = value.to_owned();
        self
    }

    /// Chooses a value in a list.
    #[must_use]
    pub fn chosen(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Presses the button with this name and value. The value of many buttons is empty.
    ///
    /// # Panics
    ///
    /// If there is no such button.
    #[must_use]
    pub fn pressed(mut self, name: &str, value: &str) -> Self {
        let button = (name.to_owned(), value.to_owned());
        assert!(self.buttons.contains(&button), "a button of this name");
        self.fields.push(button);
        self
    }

    /// Sends the form, and gives the answer: a page, or a redirect, which isn't followed.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub async fn submit(&self, browser: &UserAgent) -> Page {
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let answer = browser.post_form(&self.action, "text/html", &fields).await;
        answer.expect("an answer to the form")
    }
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// The name and the value of a tag, if it has a name.
fn named(tag: &StartTag<()>) -> Option<(String, String)> {
    let name = attribute(tag, "name").filter(|name| !name.is_empty())?;
    Some((name, attribute(tag, "value").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn page(html: &str) -> Page {
        Page {
            url: Url::parse("http://service.localhost:1/a/b?c=d").unwrap(),
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: html.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_form_has_its_address_its_fields_and_its_buttons() {
        let html = "<!-- <form method=post action=/no> --><p title=\"<form method=post>\">
            <FORM METHOD='Post' action=\"../go?x=1&amp;y=%20\">\
            <input type=hidden name=code value='a&quot;b'>
            <input name=user><input type=checkbox name=keep value=1>\
            <input type=checkbox checked name=agree value=yes>
            <button name=accept>はい</button><input type=submit name=cancel value='&#12356;'></form>
            <input name=outside><form action=/search><input name=q></form>\
            <form method=post><input name=last>";
        let forms = Form::all(&page(html));
        assert_eq!(forms.len(), 2);
        let form = forms[0]
            .clone()
            .filled("user", "adult")
            .pressed("cancel", "い");
        assert_eq!(
            form.action.as_str(),
            "http://service.localhost:1/go?x=1&y=%20"
        );
        let fields: Vec<_> = form
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let expected = [
            ("code", "a\"b"),
            ("user", "adult"),
            ("agree", "yes"),
            ("cancel", "い"),
        ];
        assert_eq!(fields, expected);
        assert!(form.has("accept") && !form.has("outside") && !form.has("keep"));
        assert_eq!(
            forms[1].action,
            page("").url,
            "no address is the page's own"
        );
        assert!(forms[1].has("last"));
    }
}
